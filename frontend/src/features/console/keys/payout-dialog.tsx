/** Changes when a merchant's day ends, and where it is paid. */
import { useId, useState } from "react";
import { changePayoutDetails, type Merchant } from "../../../api/keys";
import { useTexts } from "../../../i18n/language";
import { Confirm } from "../../../ui/confirm";
import { Notice } from "../../../ui/notice";
import { TextField } from "../../../ui/panel";
import { useChange } from "../frame/change";
import { Failure } from "../frame/failure";
import { ReasonField } from "../frame/reason-field";
import { useOperator } from "../operator";
import own from "./keys.module.css";
import { CHANGED, payoutChange } from "./rules";

const LONGEST_ZONE = 64;
const LONGEST_IBAN = 42; // with a space after every four

interface Fields {
  timeZone: string;
  iban: string;
  onTimeZone: (zone: string) => void;
  onIban: (iban: string) => void;
}

/** Fields for the time zone, with the names that the browser knows, and the IBAN. */
export function PayoutFields({ timeZone, iban, onTimeZone, onIban }: Fields) {
  const { merchants } = useTexts();
  const zones = useId();
  return (
    <>
      <TextField label={merchants.timeZone} hint={merchants.timeZoneHint} required pattern=".*\S.*" maxLength={LONGEST_ZONE} list={zones} autoComplete="off" spellCheck={false} value={timeZone} onChange={(event) => { onTimeZone(event.target.value); }} />
      <datalist id={zones}>{["UTC", ...Intl.supportedValuesOf("timeZone")].map((zone) => <option key={zone} value={zone} />)}</datalist>
      <TextField label={merchants.iban} hint={merchants.ibanHint} maxLength={LONGEST_IBAN} autoComplete="off" spellCheck={false} value={iban} onChange={(event) => { onIban(event.target.value); }} />
    </>
  );
}

interface Props {
  merchant: Merchant;
  onDone: (changed: Merchant) => void;
  onClose: () => void;
}

export function PayoutDialog({ merchant, onDone, onClose }: Props) {
  const { merchants, keys } = useTexts();
  const { token } = useOperator();
  const [before] = useState(merchant); // when another operator changes it meanwhile, that is no change of this one
  const [timeZone, setTimeZone] = useState(merchant.timeZone);
  const [iban, setIban] = useState(merchant.iban ?? "");
  const [reason, setReason] = useState("");
  const change = payoutChange(before, timeZone, iban);
  const isSame = Object.keys(change).length === 0 && timeZone.trim() !== ""; // its field says that it needs a time zone
  const { start, busy, error } = useChange(async () => { onDone(await changePayoutDetails(token, merchant.merchantId, change, reason.trim())); }, onClose, CHANGED);
  return (
    <Confirm title={merchants.changeTitle(merchant.merchantId)} question={merchants.changeQuestion} action={merchants.changeAction} busy={busy || isSame} onConfirm={start} onClose={onClose}>
      <fieldset className={own.fields} disabled={busy}>
        <PayoutFields timeZone={timeZone} iban={iban} onTimeZone={setTimeZone} onIban={setIban} />
        <ReasonField reason={reason} busy={busy} onReason={setReason} />
      </fieldset>
      {change.iban === null && <Notice tone="warn">{merchants.removal[merchant.mode]}</Notice>}
      {isSame && <Notice tone="plain">{merchants.unchanged}</Notice>}
      <Failure error={error} unknown={keys.unknownChange} />
    </Confirm>
  );
}
