/** Dialogs that propose an adjustment, and that agree to one or withdraw it. */
import { useState } from "react";
import { newKey } from "../../../api/attempt";
import { ApiProblem } from "../../../api/client";
import { answerAdjustment, proposeAdjustment, type Adjustment, type Answer } from "../../../api/settlements";
import { useTexts } from "../../../i18n/language";
import { formatMoney } from "../../../money/money";
import { Confirm } from "../../../ui/confirm";
import { Notice } from "../../../ui/notice";
import { Choice, TextField } from "../../../ui/panel";
import { useChange } from "../frame/change";
import { CurrencyField, isCurrency } from "../frame/currency-field";
import { Failure } from "../frame/failure";
import { ReasonField } from "../frame/reason-field";
import { useOperator } from "../operator";
import { adjustmentOf, type Direction } from "./rules";
import own from "./settlements.module.css";

const LONGEST_ID = 32;
const REUSED = "IDEMPOTENCY_KEY_REUSED";
const DIRECTIONS: readonly Direction[] = ["credit", "debit"];

interface Done {
  onDone: (now: Adjustment) => void;
  onClose: () => void;
}

export function NewAdjustmentDialog({ onDone, onClose }: Done) {
  const { settlements, payouts, keys, locale } = useTexts();
  const { token } = useOperator();
  const [merchant, setMerchant] = useState("");
  const [currency, setCurrency] = useState("");
  const [text, setText] = useState("");
  const [direction, setDirection] = useState<Direction>("credit");
  const [reason, setReason] = useState("");
  const [key] = useState(newKey); // of the dialog: what was sent and perhaps done is not done again, also when it was changed since
  const amount = isCurrency(currency) ? adjustmentOf(text, currency, direction) : null;
  const { start, busy, error } = useChange(async () => {
    if (amount !== null && isCurrency(currency)) onDone(await proposeAdjustment(token, merchant.trim(), currency, amount, reason.trim(), key));
  }, onClose, ["adjustments", "batches"]);
  const amountHint = amount === null ? payouts.amountNeeded(currency || "…") : formatMoney(amount, currency, locale);
  return (
    <Confirm title={payouts.newAdjustment} question={payouts.adjustmentQuestion} action={payouts.propose} busy={busy || amount === null} onConfirm={start} onClose={onClose}>
      <fieldset className={own.form} disabled={busy}>
        <TextField label={settlements.merchant} required maxLength={LONGEST_ID} autoComplete="off" spellCheck={false} value={merchant} onChange={(event) => { setMerchant(event.target.value); }} />
        <CurrencyField required currency={currency} onCurrency={setCurrency} />
        <Choice label={payouts.direction} value={direction} onChange={(event) => { setDirection(event.target.value as Direction); }}>
          {DIRECTIONS.map((one) => <option key={one} value={one}>{payouts.directions[one]}</option>)}
        </Choice>
        <TextField label={settlements.amount} hint={amountHint} required inputMode="decimal" autoComplete="off" value={text} onChange={(event) => { setText(event.target.value); }} />
        <ReasonField reason={reason} busy={busy} hint={settlements.reasonHint} onReason={setReason} />
      </fieldset>
      {error instanceof ApiProblem && error.code === REUSED ? <Notice tone="warn">{payouts.madeBefore}</Notice> : <Failure error={error} unknown={keys.unknownChange} />}
    </Confirm>
  );
}

export function AnswerDialog({ adjustment: { adjustmentId, amount, currency, merchantId }, answer, onDone, onClose }: Done & { adjustment: Adjustment; answer: Answer }) {
  const { settlements, payouts, keys, locale } = useTexts();
  const { token } = useOperator();
  const [reason, setReason] = useState("");
  const { title, question, action } = payouts.answers[answer];
  const { start, busy, error } = useChange(async () => { onDone(await answerAdjustment(token, adjustmentId, answer, reason.trim())); }, onClose, ["adjustments", "batches"]);
  return (
    <Confirm title={title(adjustmentId)} question={question(formatMoney(amount, currency, locale), merchantId)} action={action} danger busy={busy} onConfirm={start} onClose={onClose}>
      <ReasonField reason={reason} busy={busy} hint={settlements.reasonHint} onReason={setReason} />
      <Failure error={error} unknown={keys.unknownChange} />
    </Confirm>
  );
}
