/** What has become of an order at the acquirer: not decided yet, for too long, or declined. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { isProcessing, paymentQuery, type Payment } from "../../api/payments";
import { declineReason } from "../../i18n/acquiring";
import { useTexts } from "../../i18n/language";
import { Button } from "../../ui/button";
import { Notice } from "../../ui/notice";

/** How long a page looks for the end by itself. Most are there after seconds; the rest can take hours. */
export const PATIENCE_MS = 180_000;

/** One order, polled until it is decided, or for as long as the page is patient; `again` makes it patient again. */
export function useOrder(paymentId: number) {
  const [late, setLate] = useState(false);
  const query = useQuery({ ...paymentQuery(paymentId), ...(late ? { refetchInterval: false } : {}) });
  const processing = query.data !== undefined && isProcessing(query.data);
  useEffect(() => {
    if (!processing || late) return;
    const timer = setTimeout(() => { setLate(true); }, PATIENCE_MS);
    return () => { clearTimeout(timer); };
  }, [processing, late]);
  const again = () => {
    setLate(false);
    void query.refetch();
  };
  return { query, late: late && processing, again };
}

interface Props {
  payment: Payment;
  late: boolean;
  /** It is captured as soon as it is authorized. */
  captureLater: boolean;
  onAgain: () => void;
}

export function Outcome({ payment, late, captureLater, onAgain }: Props) {
  const { acquiring } = useTexts();
  if (payment.status === "DECLINED") {
    return (
      <Notice tone="bad">
        <p>{declineReason(acquiring, payment.operations.findLast((step) => step.kind === "authorization")?.declineCode)}</p>
        <p>{acquiring.notCharged}</p>
      </Notice>
    );
  }
  if (late) {
    return (
      <Notice tone="warn">
        <p>{acquiring.late}</p>
        <div><Button small onClick={onAgain}>{acquiring.lookAgain}</Button></div>
      </Notice>
    );
  }
  if (payment.status !== "PROCESSING") return null; // a step of it that is not decided is told where steps are sent
  return (
    <Notice tone="plain">
      <p>{acquiring.processing}</p>
      {captureLater && <p>{acquiring.capturesThen}</p>}
    </Notice>
  );
}
