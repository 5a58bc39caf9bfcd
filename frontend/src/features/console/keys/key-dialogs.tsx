/** Dialogs that rotate and revoke a key. */
import { useState } from "react";
import { revokeKey, rotateKey, type ApiKey, type NewApiKey } from "../../../api/keys";
import { useTexts } from "../../../i18n/language";
import { Confirm } from "../../../ui/confirm";
import { Notice } from "../../../ui/notice";
import { Choice } from "../../../ui/panel";
import { useOperator } from "../operator";
import { useChange } from "../frame/change";
import { Failure } from "../frame/failure";
import { ReasonField } from "../frame/reason-field";
import { CHANGED, FIRST_OVERLAP, OVERLAPS, type Overlap } from "./rules";

interface RotateProps {
  apiKey: ApiKey;
  onMade: (successor: NewApiKey) => void;
  onClose: () => void;
}

export function RotateDialog({ apiKey, onMade, onClose }: RotateProps) {
  const { keys } = useTexts();
  const { token } = useOperator();
  const [overlap, setOverlap] = useState<Overlap>(FIRST_OVERLAP);
  const { start, busy, error } = useChange(async () => { onMade(await rotateKey(token, apiKey.keyId, overlap)); }, onClose, CHANGED);
  return (
    <Confirm title={keys.rotateKey(apiKey.name)} question={keys.askRotate} action={keys.rotateAction} busy={busy} onConfirm={start} onClose={onClose}>
      <Own keyId={apiKey.keyId} />
      <Choice label={keys.overlap} disabled={busy} value={overlap} onChange={(event) => { setOverlap(Number(event.target.value) as Overlap); }}>
        {OVERLAPS.map((seconds) => <option key={seconds} value={seconds}>{keys.overlaps[seconds]}</option>)}
      </Choice>
      <Failure error={error} unknown={keys.unknownKey} />
    </Confirm>
  );
}

interface RevokeProps {
  apiKey: ApiKey;
  onRevoked: (keyId: string) => void;
  onClose: () => void;
}

export function RevokeDialog({ apiKey: { keyId, name }, onRevoked, onClose }: RevokeProps) {
  const { keys } = useTexts();
  const { token } = useOperator();
  const [reason, setReason] = useState("");
  const { start, busy, error } = useChange(async () => {
    await revokeKey(token, keyId, reason.trim());
    onRevoked(keyId);
  }, onClose, CHANGED);
  return (
    <Confirm title={keys.revokeKey(name)} question={keys.askRevoke(keyId)} action={keys.revokeAction} danger busy={busy} onConfirm={start} onClose={onClose}>
      <Own keyId={keyId} />
      <ReasonField reason={reason} busy={busy} onReason={setReason} />
      <Failure error={error} unknown={keys.unknownChange} />
    </Confirm>
  );
}

/** A warning when it is the operator's own key. */
function Own({ keyId }: { keyId: string }) {
  const { keys } = useTexts();
  const { caller } = useOperator();
  return caller.keyId === keyId ? <Notice tone="warn">{keys.own}</Notice> : null;
}
