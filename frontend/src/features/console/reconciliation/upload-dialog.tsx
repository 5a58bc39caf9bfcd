import { useState } from "react";
import { LARGEST_FILE, uploadFile } from "../../../api/reconciliation";
import { connectorName } from "../../../i18n/acquirer";
import { useTexts } from "../../../i18n/language";
import { Confirm } from "../../../ui/confirm";
import { Notice } from "../../../ui/notice";
import { Choice, TextField } from "../../../ui/panel";
import { useChange } from "../frame/change";
import { Failure } from "../frame/failure";
import { CONNECTORS } from "../keys/rules";
import { useOperator } from "../operator";
import own from "./reconciliation.module.css";
import { refusedFile } from "./rules";

const ACQUIRERS = CONNECTORS.filter((one) => one !== "none");
const MEBIBYTE = 1024 * 1024;

/** Uploads an acquirer's file. What becomes of it is in the list. */
export function UploadDialog({ onDone, onClose }: { onDone: (name: string) => void; onClose: () => void }) {
  const { acquirer, reconFiles, keys } = useTexts();
  const { token } = useOperator();
  const [connector, setConnector] = useState(ACQUIRERS[0] ?? "simulator");
  const [file, setFile] = useState<File | null>(null);
  const refused = file === null ? null : refusedFile(file);
  const { start, busy, error } = useChange(async () => {
    if (file === null) return;
    await uploadFile(token, connector, file);
    onDone(file.name);
  }, onClose, ["reconciliation"]);
  return (
    <Confirm title={reconFiles.uploadTitle} question={reconFiles.uploadQuestion} action={reconFiles.uploadAction} busy={busy || refused !== null} onConfirm={start} onClose={onClose}>
      <fieldset className={own.form} disabled={busy}>
        <Choice label={reconFiles.acquirer} value={connector} onChange={(event) => { setConnector(event.target.value as typeof connector); }}>
          {ACQUIRERS.map((one) => <option key={one} value={one}>{connectorName(acquirer, one)}</option>)}
        </Choice>
        <TextField label={reconFiles.file} type="file" accept=".csv,text/csv" required onChange={(event) => { setFile(event.target.files?.[0] ?? null); }} />
      </fieldset>
      {refused === "empty" && <Notice tone="bad">{reconFiles.empty}</Notice>}
      {refused === "tooLarge" && <Notice tone="bad">{reconFiles.tooLarge(LARGEST_FILE / MEBIBYTE)}</Notice>}
      <Failure error={error} unknown={keys.unknownChange} />
    </Confirm>
  );
}
