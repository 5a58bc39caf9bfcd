/** Dialogs that make, suspend and activate a merchant. */
import { useState } from "react";
import { createMerchant, setMerchantState, type Connector, type Merchant, type MerchantState, type Mode } from "../../../api/keys";
import { useTexts } from "../../../i18n/language";
import { Confirm } from "../../../ui/confirm";
import { Choice, TextField } from "../../../ui/panel";
import { useOperator } from "../operator";
import { useChange } from "../frame/change";
import { Failure } from "../frame/failure";
import { ReasonField } from "../frame/reason-field";
import { ConnectorChoice } from "./connector-dialog";
import own from "./keys.module.css";
import { PayoutFields } from "./payout-dialog";
import { CHANGED, payoutDetails } from "./rules";

const LONGEST_ID = 64;
const LONGEST_NAME = 128;
const MODES: readonly Mode[] = ["TEST", "LIVE"];

export function NewMerchantDialog({ onMade, onClose }: { onMade: (made: Merchant) => void; onClose: () => void }) {
  const { keys } = useTexts();
  const { token } = useOperator();
  const [id, setId] = useState("");
  const [name, setName] = useState("");
  const [mode, setMode] = useState<Mode>("TEST");
  const [connector, setConnector] = useState<Connector>("none");
  const [timeZone, setTimeZone] = useState("UTC");
  const [iban, setIban] = useState("");
  const { start, busy, error } = useChange(async () => { onMade(await createMerchant(token, { merchantId: id.trim(), name: name.trim(), mode, connector, ...payoutDetails(timeZone, iban) })); }, onClose, CHANGED);
  return (
    <Confirm title={keys.newMerchant} question={keys.askMerchant} action={keys.createMerchant} busy={busy} onConfirm={start} onClose={onClose}>
      <fieldset className={own.fields} disabled={busy}>
        <TextField label={keys.id} required maxLength={LONGEST_ID} pattern=".*\S.*" autoComplete="off" spellCheck={false} value={id} onChange={(event) => { setId(event.target.value); }} />
        <TextField label={keys.name} required maxLength={LONGEST_NAME} pattern=".*\S.*" autoComplete="off" value={name} onChange={(event) => { setName(event.target.value); }} />
        <Choice label={keys.mode} value={mode} onChange={(event) => { setMode(event.target.value as Mode); }}>
          {MODES.map((one) => <option key={one} value={one}>{keys.modes[one]}</option>)}
        </Choice>
        <ConnectorChoice connector={connector} busy={busy} onChange={setConnector} />
        <PayoutFields timeZone={timeZone} iban={iban} onTimeZone={setTimeZone} onIban={setIban} />
      </fieldset>
      <Failure error={error} unknown={keys.unknownChange} />
    </Confirm>
  );
}

interface StateProps {
  merchantId: string;
  to: MerchantState;
  onDone: (changed: Merchant) => void;
  onClose: () => void;
}

export function StateDialog({ merchantId, to, onDone, onClose }: StateProps) {
  const { keys } = useTexts();
  const { token } = useOperator();
  const [reason, setReason] = useState("");
  const { start, busy, error } = useChange(async () => { onDone(await setMerchantState(token, merchantId, to, reason.trim())); }, onClose, CHANGED);
  const { title, question, action } = keys.change[to];
  return (
    <Confirm title={title(merchantId)} question={question} action={action} danger={to === "SUSPENDED"} busy={busy} onConfirm={start} onClose={onClose}>
      <ReasonField reason={reason} busy={busy} onReason={setReason} />
      <Failure error={error} unknown={keys.unknownChange} />
    </Confirm>
  );
}
