import type { AcquirerOperation } from "../../../api/acquirer";
import { useTexts } from "../../../i18n/language";
import { Notice } from "../../../ui/notice";

/** What the first operator has proposed. */
export function Proposal({ operation: { state, proposal, proposedBy, proposedReason } }: { operation: AcquirerOperation }) {
  const { acquirer } = useTexts();
  if (proposal === null || state !== "MANUAL") return null;
  return (
    <Notice tone="warn">
      <p>{acquirer.proposal(proposedBy ?? "?", acquirer.outcomes[proposal])}</p>
      <p>{proposedReason}</p>
      <p>{acquirer.secondNeeded}</p>
    </Notice>
  );
}
