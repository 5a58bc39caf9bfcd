import type { Status } from "../api/payments";
import { useTexts } from "../i18n/language";
import { Badge, type Tone } from "../ui/panel";

const TONES: Record<Status, Tone> = {
  PROCESSING: "warn",
  AUTHORIZED: "warn",
  PARTIALLY_CAPTURED: "warn",
  CAPTURED: "good",
  PARTIALLY_REFUNDED: "plain",
  REFUNDED: "plain",
  VOIDED: "plain",
  EXPIRED: "bad",
  DECLINED: "bad",
};

export function StatusBadge({ status }: { status: Status }) {
  return <Badge tone={TONES[status]}>{useTexts().status[status]}</Badge>;
}
