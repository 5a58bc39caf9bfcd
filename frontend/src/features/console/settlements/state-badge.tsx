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

/** `held`: its merchant is suspended, so that no payout file has it. */
export function StateBadge({ state, held }: { state: BatchState; held: boolean }) {
  const { settlements } = useTexts();
  return (
    <>
      <Badge tone={TONES[state]}>{settlements.states[state]}</Badge>
      {held && <> <Badge tone="bad">{settlements.held}</Badge></>}
    </>
  );
}
