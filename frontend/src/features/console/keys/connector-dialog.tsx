/** Changes by which acquirer a merchant's payments go. */
import { useState } from "react";
import { setConnector, type Connector, type Merchant } from "../../../api/keys";
import { connectorName } from "../../../i18n/acquirer";
import { useTexts } from "../../../i18n/language";
import { Confirm } from "../../../ui/confirm";
import { Notice } from "../../../ui/notice";
import { Choice } from "../../../ui/panel";
import { useChange } from "../frame/change";
import { Failure } from "../frame/failure";
import { ReasonField } from "../frame/reason-field";
import { useOperator } from "../operator";
import { CHANGED, CONNECTORS } from "./rules";

interface Props {
  merchant: Merchant;
  onDone: (changed: Merchant) => void;
  onClose: () => void;
}

export function ConnectorDialog({ merchant: { merchantId, connector }, onDone, onClose }: Props) {
  const { acquirer, keys, merchants } = useTexts();
  const { token } = useOperator();
  const [chosen, setChosen] = useState(connector);
  const [reason, setReason] = useState("");
  const isSame = chosen === connector;
  const { start, busy, error } = useChange(async () => { onDone(await setConnector(token, merchantId, chosen, reason.trim())); }, onClose, CHANGED);
  return (
    <Confirm title={acquirer.changeTitle(merchantId)} question={acquirer.changeQuestion} action={acquirer.changeAction} busy={busy || isSame} onConfirm={start} onClose={onClose}>
      <ConnectorChoice connector={chosen} busy={busy} onChange={setChosen} />
      <ReasonField reason={reason} busy={busy} onReason={setReason} />
      {isSame && <Notice tone="plain">{merchants.unchanged}</Notice>}
      <Failure error={error} unknown={keys.unknownChange} />
    </Confirm>
  );
}

export function ConnectorChoice({ connector, busy, onChange }: { connector: Connector; busy: boolean; onChange: (connector: Connector) => void }) {
  const { acquirer } = useTexts();
  return (
    <Choice label={acquirer.connector} disabled={busy} value={connector} onChange={(event) => { onChange(event.target.value as Connector); }}>
      {CONNECTORS.map((one) => <option key={one} value={one}>{connectorName(acquirer, one)}</option>)}
    </Choice>
  );
}
