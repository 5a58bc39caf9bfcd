import { useState } from "react";
import type { Mode } from "../../../api/keys";
import { createPayoutFile, type PayoutFile, type PayoutFormat } from "../../../api/settlements";
import { useTexts } from "../../../i18n/language";
import { Confirm } from "../../../ui/confirm";
import { Choice } from "../../../ui/panel";
import { useChange } from "../frame/change";
import { CurrencyField, isCurrency } from "../frame/currency-field";
import { Failure } from "../frame/failure";
import { ReasonField } from "../frame/reason-field";
import { useOperator } from "../operator";
import own from "./settlements.module.css";

const MODES: readonly Mode[] = ["LIVE", "TEST"];
const FORMATS: readonly PayoutFormat[] = ["CSV", "PAIN_001"];

/** Asks for the currency and the format of a payout file of all approved batches. */
export function PayoutFileDialog({ onMade, onClose }: { onMade: (made: PayoutFile) => void; onClose: () => void }) {
  const { settlements, payouts, keys } = useTexts();
  const { token } = useOperator();
  const [currency, setCurrency] = useState("");
  const [mode, setMode] = useState<Mode>("LIVE");
  const [format, setFormat] = useState<PayoutFormat>("CSV");
  const [reason, setReason] = useState("");
  const { start, busy, error } = useChange(async () => {
    if (isCurrency(currency)) onMade(await createPayoutFile(token, currency, mode, format, reason.trim()));
  }, onClose, ["payout-files", "batches"]);
  return (
    <Confirm title={payouts.newFile} question={payouts.fileQuestion} action={payouts.createFile} busy={busy} onConfirm={start} onClose={onClose}>
      <fieldset className={own.form} disabled={busy}>
        <CurrencyField required currency={currency} onCurrency={setCurrency} />
        <Choice label={payouts.mode} value={mode} onChange={(event) => { setMode(event.target.value as Mode); }}>
          {MODES.map((one) => <option key={one} value={one}>{payouts.modes[one]}</option>)}
        </Choice>
        <Choice label={payouts.format} value={format} onChange={(event) => { setFormat(event.target.value as PayoutFormat); }}>
          {FORMATS.map((one) => <option key={one} value={one} disabled={one === "PAIN_001" && (currency !== "EUR" || mode !== "LIVE")}>{payouts.formats[one]}</option>)}
        </Choice>
        {format === "PAIN_001" && <p>{payouts.formatHint}</p>}
        <ReasonField reason={reason} busy={busy} hint={settlements.reasonHint} onReason={setReason} />
      </fieldset>
      <Failure error={error} unknown={keys.unknownChange} />
    </Confirm>
  );
}
