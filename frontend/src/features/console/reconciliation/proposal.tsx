import { ENDINGS, type ReconException } from "../../../api/reconciliation";
import { useTexts } from "../../../i18n/language";
import { oneOf } from "../../../ui/address";
import { Notice } from "../../../ui/notice";
import { mayEnd } from "./rules";

/** What the first operator has proposed. */
export function Proposal({ exception }: { exception: ReconException }) {
  const { reconciliation } = useTexts();
  const { proposal, proposedBy, proposedReason } = exception;
  const ending = oneOf(proposal ?? "", ENDINGS);
  if (ending === "" || !mayEnd(exception)) return null;
  return (
    <Notice tone="warn">
      <p>{reconciliation.endings[ending].proposed(proposedBy ?? "?")}</p>
      <p>{proposedReason}</p>
      <p>{reconciliation.secondNeeded}</p>
    </Notice>
  );
}
