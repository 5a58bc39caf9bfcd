import { expect, it } from "vitest";
import type { Batch } from "../../../api/settlements";
import { adjustmentOf, partsOf, stepsOf } from "./rules";

const BATCH: Batch = {
  batchId: 5, merchantId: "M1", currency: "USD", number: 2, cutoff: "2026-05-17T00:00:00.000000Z", state: "CLOSED", carriedIn: -100, gross: 10_000, refunds: 5000,
  fees: 105, adjustments: -20, net: 4775, carriedOut: 0, items: 3, sha256: null, approvedBy: [], payoutFileId: null, held: false, createdAt: "", closedAt: null, updatedAt: "",
};

it("shows parts that add up to the net", () => {
  expect(partsOf(BATCH)).toEqual([["carriedIn", -100], ["gross", 10_000], ["refunds", -5000], ["fees", -105], ["adjusted", -20]]);
  expect(partsOf(BATCH).reduce((sum, [, minor]) => sum + minor, 0)).toBe(BATCH.net);
});

it("shows nothing as 0, without a sign", () => {
  expect(Object.is(partsOf({ ...BATCH, refunds: 0 })[2]?.[1], 0)).toBe(true);
});

it("returns fees as a positive part", () => {
  expect(partsOf({ ...BATCH, fees: -30 })[3]).toEqual(["fees", 30]);
});

it.each([
  ["OPEN", []],
  ["CLOSED", ["approve"]],
  ["CARRIED", []],
  ["APPROVED", []],
  ["EXPORTED", ["confirm", "return"]],
  ["CONFIRMED", []],
  ["RETURNED", []],
] as const)("offers for a batch that is %s: %j", (state, steps) => {
  expect(stepsOf(state)).toEqual(steps);
});

it.each([
  ["12.50", "USD", "credit", 1250],
  ["12.50", "USD", "debit", -1250],
  ["1250", "KRW", "debit", -1250],
  ["-5", "USD", "credit", null], // the sign is the direction's
  ["0", "USD", "credit", null],
  ["12.5", "KRW", "credit", null],
] as const)("reads an adjustment of %s %s as %s: %j", (text, currency, direction, amount) => {
  expect(adjustmentOf(text, currency, direction)).toBe(amount);
});
