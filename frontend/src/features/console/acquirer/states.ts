import type { OperationState } from "../../../api/acquirer";
import type { Tone } from "../../../ui/panel";

export const LIST = "/console/acquirer";

export const STATE_TONES: Record<OperationState, Tone> = {
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
