import type { OperationState } from "../../../api/acquirer";
import { useTexts } from "../../../i18n/language";
import { Badge, type Tone } from "../../../ui/panel";

const TONES: Record<OperationState, Tone> = {
  MANUAL: "bad",
  FENCING: "warn",
  UNKNOWN: "warn",
  SENT: "warn",
  CREATED: "warn",
  APPROVED: "good",
  DECLINED: "plain",
  NOT_SENT: "plain",
  FAILED: "plain",
  REVERSED: "plain",
};

/** The state of an operation, as operators see it. */
export function StateBadge({ state }: { state: OperationState }) {
  return <Badge tone={TONES[state]}>{useTexts().acquirer.states[state]}</Badge>;
}
