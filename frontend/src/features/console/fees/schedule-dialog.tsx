/** Adds a fee schedule, and shows beforehand what a payment will cost. */
import { useState } from "react";
import { addFeeSchedule, type FeeSchedule } from "../../../api/settlements";
import { useTexts } from "../../../i18n/language";
import { toLocal } from "../../../i18n/time";
import { formatMoney } from "../../../money/money";
import { Confirm } from "../../../ui/confirm";
import { Choice, TextField } from "../../../ui/panel";
import styles from "../console.module.css";
import { useChange } from "../frame/change";
import { CurrencyField } from "../frame/currency-field";
import { Failure } from "../frame/failure";
import { ReasonField } from "../frame/reason-field";
import { useOperator } from "../operator";
import own from "./fees.module.css";
import { exampleAmount, feeOf, NOTICE_SECONDS } from "./rules";
import { scheduleOf, type Typed } from "./typed";

const LONGEST_ID = 32;
const HOUR_MS = 3_600_000;

/** The next full hour that leaves the notice. */
function firstTime(now: number): string {
  return toLocal(new Date(Math.ceil((now + NOTICE_SECONDS * 1000) / HOUR_MS) * HOUR_MS).toISOString());
}

export function ScheduleDialog({ onAdded, onClose }: { onAdded: (added: FeeSchedule) => void; onClose: () => void }) {
  const { fees, settlements, keys } = useTexts();
  const { token } = useOperator();
  const [typed, setTyped] = useState<Typed>(() => ({
    merchantId: "", currency: "", share: "", fixed: "", minimum: "", maximum: "", onRefund: "KEEP", validFrom: firstTime(Date.now()),
  }));
  const [reason, setReason] = useState("");
  const { schedule, faults } = scheduleOf(typed);
  const { start, busy, error } = useChange(async () => {
    if (schedule !== null) onAdded(await addFeeSchedule(token, schedule, reason.trim()));
  }, onClose, ["fee-schedules"]);
  const set = (changes: Partial<Typed>) => { setTyped({ ...typed, ...changes }); };
  const money = (name: "fixed" | "minimum" | "maximum") => (
    <TextField
      label={fees[name]} inputMode="decimal" autoComplete="off" value={typed[name]} aria-invalid={faults.has(name)}
      hint={faults.has(name) ? fees.notAmount(typed.currency || "…") : fees.optional} onChange={(event) => { set({ [name]: event.target.value }); }}
    />
  );
  return (
    <Confirm title={fees.addTitle} question={fees.addQuestion} action={fees.addAction} busy={busy || schedule === null} onConfirm={start} onClose={onClose}>
      <fieldset className={own.fields} disabled={busy}>
        <TextField label={fees.merchant} hint={fees.merchantHint} maxLength={LONGEST_ID} autoComplete="off" spellCheck={false} value={typed.merchantId} onChange={(event) => { set({ merchantId: event.target.value }); }} />
        <CurrencyField required currency={typed.currency} onCurrency={(currency) => { set({ currency }); }} />
        <TextField label={`${fees.share} (%)`} hint={faults.has("share") ? fees.notShare : fees.shareHint} required inputMode="decimal" autoComplete="off" value={typed.share} aria-invalid={faults.has("share")} onChange={(event) => { set({ share: event.target.value }); }} />
        {money("fixed")}
        {money("minimum")}
        {money("maximum")}
        <Choice label={fees.onRefund} value={typed.onRefund} onChange={(event) => { set({ onRefund: event.target.value as Typed["onRefund"] }); }}>
          <option value="KEEP">{fees.onRefunds.KEEP}</option>
          <option value="RETURN">{fees.onRefunds.RETURN}</option>
        </Choice>
        <TextField label={fees.validFrom} hint={fees.validFromHint} type="datetime-local" step={1} required value={typed.validFrom} onChange={(event) => { set({ validFrom: event.target.value }); }} />
        <div className={own.wide}><ReasonField reason={reason} busy={busy} hint={settlements.reasonHint} onReason={setReason} /></div>
      </fieldset>
      <p className={styles.muted} role="status">{faults.has("order") ? fees.order : <Example typed={typed} />}</p>
      <Failure error={error} unknown={keys.unknownChange} />
    </Confirm>
  );
}

function Example({ typed }: { typed: Typed }) {
  const { fees, locale } = useTexts();
  const { schedule } = scheduleOf(typed);
  if (schedule === null) return fees.exampleNone;
  const amount = exampleAmount(schedule.currency);
  const money = (minor: number) => formatMoney(minor, schedule.currency, locale);
  return <>{fees.example(money(amount))} <strong>{money(feeOf(schedule, amount))}</strong></>;
}
