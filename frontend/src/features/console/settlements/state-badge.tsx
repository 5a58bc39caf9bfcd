import type { BatchState } from "../../../api/settlements";
import { useTexts } from "../../../i18n/language";
import { Badge, type Tone } from "../../../ui/panel";

const TONES: Record<BatchState, Tone> = {
  OPEN: "plain",
  CLOSED: "warn",
  CARRIED: "plain",
  APPROVED: "warn",
  EXPORTED: "warn",
  CONFIRMED: "good",
  RETURNED: "bad",
};

export function StateBadge({ state }: { state: BatchState }) {
  return <Badge tone={TONES[state]}>{useTexts().settlements.states[state]}</Badge>;
}
