/** What an operator can do to a batch in a state, the parts of its net, and what became of an adjustment. */
import type { Adjustment, Batch, BatchState, Step } from "../../../api/settlements";
import { parseMoney } from "../../../money/money";

const STEPS: Partial<Record<BatchState, readonly Step[]>> = { CLOSED: ["approve"], EXPORTED: ["confirm", "return"] };

export function stepsOf(state: BatchState): readonly Step[] {
  return STEPS[state] ?? [];
}

export type Part = "carriedIn" | "gross" | "refunds" | "fees" | "adjusted";

/** With the signs with which they add up to the net. */
export function partsOf({ carriedIn, gross, refunds, fees, adjustments }: Batch): readonly (readonly [Part, number])[] {
  return [["carriedIn", carriedIn], ["gross", gross], ["refunds", minus(refunds)], ["fees", minus(fees)], ["adjusted", adjustments]];
}

/** Never -0, which is shown with a sign. */
function minus(amount: number): number {
  return amount === 0 ? 0 : -amount;
}

export type AdjustmentState = "waiting" | "posted" | "withdrawn";

export function stateOf({ postedAt, withdrawnAt }: Adjustment): AdjustmentState {
  return postedAt !== null ? "posted" : withdrawnAt !== null ? "withdrawn" : "waiting";
}

export type Direction = "credit" | "debit";

/** The signed minor units of an adjustment; null when the text is no amount. */
export function adjustmentOf(text: string, currency: string, direction: Direction): number | null {
  const amount = parseMoney(text, currency);
  return amount === null ? null : direction === "credit" ? amount : -amount;
}
