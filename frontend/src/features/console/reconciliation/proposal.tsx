import type { ReconException } from "../../../api/reconciliation";
import { useTexts } from "../../../i18n/language";
import { Notice } from "../../../ui/notice";
import { mayEnd } from "./rules";

/** What the first operator has proposed. */
export function Proposal({ exception }: { exception: ReconException }) {
  const { reconciliation } = useTexts();
  const { proposal, proposedBy, proposedReason } = exception;
  if (proposal === null || !mayEnd(exception)) return null;
  return (
    <Notice tone="warn">
      <p>{reconciliation.endings[proposal].proposed(proposedBy ?? "?")}</p>
      <p>{proposedReason}</p>
      <p>{reconciliation.secondNeeded}</p>
    </Notice>
  );
}
