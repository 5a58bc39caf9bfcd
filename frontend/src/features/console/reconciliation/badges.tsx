import type { ExceptionState, FileState } from "../../../api/reconciliation";
import { useTexts } from "../../../i18n/language";
import { Badge, type Tone } from "../../../ui/panel";

const TONES: Record<ExceptionState, Tone> = { OPEN: "bad", WAITING: "warn", RESOLVED: "good", WRITTEN_OFF: "plain" };
const FILE_TONES: Record<FileState, Tone> = { UPLOADED: "warn", READING: "warn", DONE: "good", REFUSED: "bad" };

export function ExceptionBadge({ state }: { state: ExceptionState }) {
  return <Badge tone={TONES[state]}>{useTexts().reconciliation.states[state]}</Badge>;
}

export function FileBadge({ state }: { state: FileState }) {
  return <Badge tone={FILE_TONES[state]}>{useTexts().reconFiles.fileStates[state]}</Badge>;
}
