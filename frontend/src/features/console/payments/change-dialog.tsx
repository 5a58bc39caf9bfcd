/** Asks for a change's amount and reason, and for confirmation. It stays open until the outcome is known. */
import { useState } from "react";
import type { Change, ChangeName, DeskPayment } from "../../../api/desk";
import { useTexts } from "../../../i18n/language";
import { formatMoney, toDecimal } from "../../../money/money";
import { AmountField, amountWithin } from "../../../payment/amount-field";
import { Confirm } from "../../../ui/confirm";
import { Problem } from "../../../ui/notice";
import { TextField } from "../../../ui/panel";
import styles from "./payment.module.css";

const LONGEST_REASON = 200;

interface Props {
  operation: ChangeName;
  payment: DeskPayment;
  /** A change that was sent and whose outcome is not known: it alone can be sent, as it was. */
  undecided: Change | null;
  busy: boolean;
  error: unknown;
  onSend: (change: Change) => void;
  onClose: () => void;
}

export function ChangeDialog({ operation, payment, undecided, busy, error, onSend, onClose }: Props) {
  const texts = useTexts();
  const { currency, merchantId, paymentId, possible } = payment;
  const [limit] = useState(possible[operation]); // as it was when the operator opened it
  const [text, setText] = useState(toDecimal(limit, currency));
  const [reason, setReason] = useState("");
  const amount = operation === "void" ? limit : amountWithin(text, currency, limit);
  const money = amount === null ? null : formatMoney(amount, currency, texts.locale);
  const send = () => {
    if (undecided !== null) onSend(undecided);
    else if (amount !== null) onSend({ operation, paymentId, amount, reason: reason.trim() });
  };
  return (
    <Confirm
      title={texts.change.dialog[operation](paymentId)}
      question={money === null ? texts.change.noAmount : texts.change.ask[operation](money, merchantId)}
      action={money === null ? texts.change.open[operation] : texts.change.act[operation](money)}
      danger={operation !== "capture"}
      busy={busy || undecided !== null || amount === null}
      onConfirm={send}
      onClose={onClose}
    >
      <fieldset className={styles.ask} disabled={busy || undecided !== null}>
        {operation !== "void" && <AmountField label={texts.change.amount[operation]} currency={currency} limit={limit} text={text} onText={setText} />}
        <TextField label={texts.change.reason} hint={texts.change.reasonHint} required maxLength={LONGEST_REASON} pattern=".*\S.*" value={reason} onChange={(event) => { setReason(event.target.value); }} />
      </fieldset>
      {error !== null && <Problem error={error} retry={send} />}
    </Confirm>
  );
}
