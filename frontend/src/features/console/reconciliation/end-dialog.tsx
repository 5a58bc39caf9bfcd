import { useState } from "react";
import { endException, type Ending, type ReconException } from "../../../api/reconciliation";
import { useTexts } from "../../../i18n/language";
import { Confirm } from "../../../ui/confirm";
import { useChange } from "../frame/change";
import { Failure } from "../frame/failure";
import { ReasonField } from "../frame/reason-field";
import { useOperator } from "../operator";
import { Proposal } from "./proposal";

interface Props {
  exception: ReconException;
  ending: Ending;
  onDone: (now: ReconException) => void;
  onClose: () => void;
}

/** Above a limit the first operator proposes, and a second one with the same ending carries it out. */
export function EndDialog({ exception, ending, onDone, onClose }: Props) {
  const { reconciliation, keys } = useTexts();
  const { token } = useOperator();
  const [reason, setReason] = useState("");
  const { exceptionId, proposal } = exception;
  const { start, busy, error } = useChange(async () => { onDone(await endException(token, exceptionId, ending, reason.trim())); }, onClose, ["reconciliation"]);
  const { title, question, action } = reconciliation.endings[ending];
  return (
    <Confirm title={title(exceptionId)} question={question} action={action} danger={ending === "WRITTEN_OFF"} busy={busy} onConfirm={start} onClose={onClose}>
      <Proposal exception={exception} />
      {proposal !== null && <p>{proposal === ending ? reconciliation.agreeQuestion : reconciliation.otherProposal}</p>}
      <ReasonField reason={reason} busy={busy} hint={reconciliation.reasonHint} onReason={setReason} />
      <Failure error={error} unknown={keys.unknownChange} />
    </Confirm>
  );
}
