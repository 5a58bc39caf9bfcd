/** Dialogs that ask the acquirer again, and decide an operation by evidence. */
import { useState } from "react";
import { askAgain, decide, type AcquirerOperation, type Decided } from "../../../api/acquirer";
import { useTexts } from "../../../i18n/language";
import { Confirm } from "../../../ui/confirm";
import { Choice } from "../../../ui/panel";
import { useChange } from "../frame/change";
import { Failure } from "../frame/failure";
import { ReasonField } from "../frame/reason-field";
import { useOperator } from "../operator";
import { Proposal } from "./proposal";

const CHANGED = ["acquirer-operations", "acquirers"] as const;
const OUTCOMES: readonly Decided[] = ["APPROVED", "DECLINED"];

export function AskAgainDialog({ id, onDone, onClose }: { id: number; onDone: () => void; onClose: () => void }) {
  const { acquirer, keys } = useTexts();
  const { token } = useOperator();
  const [reason, setReason] = useState("");
  const { start, busy, error } = useChange(async () => {
    await askAgain(token, id, reason.trim());
    onDone();
  }, onClose, CHANGED);
  return (
    <Confirm title={acquirer.askAgainTitle(id)} question={acquirer.askAgainQuestion} action={acquirer.askAgainAction} busy={busy} onConfirm={start} onClose={onClose}>
      <ReasonField reason={reason} busy={busy} onReason={setReason} />
      <Failure error={error} unknown={keys.unknownChange} />
    </Confirm>
  );
}

interface DecideProps {
  operation: AcquirerOperation;
  onDone: (now: AcquirerOperation, outcome: Decided) => void;
  onClose: () => void;
}

/** The first operator proposes; a second one with the same outcome carries it out. No outcome is chosen beforehand. */
export function DecideDialog({ operation, onDone, onClose }: DecideProps) {
  const { acquirer, keys } = useTexts();
  const { token } = useOperator();
  const [outcome, setOutcome] = useState<Decided | "">("");
  const [reason, setReason] = useState("");
  const { start, busy, error } = useChange(async () => {
    if (outcome !== "") onDone(await decide(token, operation.operationId, outcome, reason.trim()), outcome);
  }, onClose, CHANGED);
  const isSecond = operation.proposal !== null;
  return (
    <Confirm
      title={acquirer.decideTitle(operation.operationId)}
      question={isSecond ? acquirer.confirmQuestion : acquirer.decideQuestion}
      action={isSecond && outcome === operation.proposal ? acquirer.confirm : acquirer.propose}
      danger
      busy={busy}
      onConfirm={start}
      onClose={onClose}
    >
      <Proposal operation={operation} />
      <Choice label={acquirer.outcome} required disabled={busy} value={outcome} onChange={(event) => { setOutcome(event.target.value as Decided | ""); }}>
        <option value="">{acquirer.choose}</option>
        {OUTCOMES.map((one) => <option key={one} value={one}>{acquirer.outcomes[one]}</option>)}
      </Choice>
      <ReasonField reason={reason} busy={busy} hint={acquirer.reasonHint} onReason={setReason} />
      <Failure error={error} unknown={keys.unknownChange} />
    </Confirm>
  );
}
