import { useState } from "react";
import { takeStep, type Batch, type Step } from "../../../api/settlements";
import { useTexts } from "../../../i18n/language";
import { formatMoney } from "../../../money/money";
import { Confirm } from "../../../ui/confirm";
import { useChange } from "../frame/change";
import { Failure } from "../frame/failure";
import { ReasonField } from "../frame/reason-field";
import { useOperator } from "../operator";

interface Props {
  batch: Batch;
  step: Step;
  onDone: (now: Batch) => void;
  onClose: () => void;
}

/** Asks for the reason of an approval, a confirmation or a return. */
export function StepDialog({ batch: { batchId, net, currency, merchantId }, step, onDone, onClose }: Props) {
  const { settlements, keys, locale } = useTexts();
  const { token } = useOperator();
  const [reason, setReason] = useState("");
  const { start, busy, error } = useChange(async () => { onDone(await takeStep(token, batchId, step, reason.trim())); }, onClose, ["batches"]);
  const { title, question, action } = settlements.steps[step];
  return (
    <Confirm title={title(batchId)} question={question(formatMoney(net, currency, locale), merchantId)} action={action} danger={step === "return"} busy={busy} onConfirm={start} onClose={onClose}>
      <ReasonField reason={reason} busy={busy} hint={settlements.reasonHint} onReason={setReason} />
      <Failure error={error} unknown={keys.unknownChange} />
    </Confirm>
  );
}
