import type { ReactNode } from "react";
import { useTexts } from "../../../i18n/language";
import { TextField } from "../../../ui/panel";

const LONGEST_REASON = 200;

interface Props {
  reason: string;
  busy: boolean;
  hint?: ReactNode;
  onReason: (reason: string) => void;
}

/** Why an operator does something; it is kept in the list of operators' actions. */
export function ReasonField({ reason, busy, hint, onReason }: Props) {
  const { keys } = useTexts();
  return <TextField label={keys.reason} hint={hint ?? keys.reasonHint} required maxLength={LONGEST_REASON} pattern=".*\S.*" disabled={busy} value={reason} onChange={(event) => { onReason(event.target.value); }} />;
}
