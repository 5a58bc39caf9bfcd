import { expect, it } from "vitest";
import type { FeeSchedule } from "../../../api/settlements";
import { amountOrZero, basisPointsOf, exampleAmount, feeOf, percentOf, phaseOf } from "./rules";
import { scheduleOf, type Typed } from "./typed";

const COST = { basisPoints: 150, fixed: 30, minimum: 0, maximum: null };

/** As docs/settlement.md has it by hand. */
it.each([
  [10_000, COST, 180],
  [3333, COST, 80],
  [1, COST, 30],
  [0, COST, 0],
  [0, { ...COST, minimum: 50 }, 0],
  [100, { ...COST, minimum: 50 }, 50],
  [10_000, { ...COST, maximum: 100 }, 100],
  [33, { ...COST, fixed: 0 }, 0],
  [34, { ...COST, fixed: 0 }, 1], // 0.51
  [1_000_000_000_000, { ...COST, basisPoints: 10_000, fixed: 0 }, 1_000_000_000_000],
  [999_999_999_999, { ...COST, basisPoints: 9999, fixed: 0 }, 999_899_999_999],
])("asks of %i by %j: %i", (amount, cost, fee) => {
  expect(feeOf(cost, amount)).toBe(fee);
});

it("shows an example of the same size in each currency", () => {
  expect([exampleAmount("USD"), exampleAmount("KRW"), exampleAmount("KWD")]).toEqual([10_000, 100_000, 100_000]);
});

it.each([
  ["1.5", 150],
  ["0", 0],
  ["100", 10_000],
  ["2.95", 295],
  ["100.01", null],
  ["1,5", null],
  ["1.555", null],
  ["-1", null],
  ["", null],
])("reads %s percent as %j basis points", (text, points) => {
  expect(basisPointsOf(text)).toBe(points);
});

it("writes basis points as percent", () => {
  expect([percentOf(150), percentOf(0), percentOf(5), percentOf(10_000)]).toEqual(["1.50", "0.00", "0.05", "100.00"]);
});

it.each([
  ["", 0],
  ["0", 0],
  ["0.00", 0],
  ["0.30", 30],
  ["0.305", null],
  ["x", null],
])("reads %s USD as %j", (text, amount) => {
  expect(amountOrZero(text, "USD")).toBe(amount);
});

const TYPED: Typed = { merchantId: " ", currency: "EUR", share: "1.5", fixed: "0.30", minimum: "", maximum: "", onRefund: "RETURN", validFrom: "2026-05-17T12:00:00" };

it("makes a schedule of what is typed", () => {
  expect(scheduleOf(TYPED).schedule).toEqual({
    merchantId: "*", currency: "EUR", basisPoints: 150, fixed: 30, minimum: 0, maximum: null, onRefund: "RETURN", validFrom: new Date("2026-05-17T12:00:00").toISOString(),
  });
});

it.each([
  [{ share: "x" }, ["share"]],
  [{ share: "" }, []],
  [{ fixed: "-1" }, ["fixed"]],
  [{ maximum: "x" }, ["maximum"]],
  [{ minimum: "2", maximum: "1" }, ["order"]],
  [{ validFrom: "" }, ["validFrom"]],
  [{ currency: "E" }, ["currency"]],
] as const)("makes none of %j, and says why: %j", (changes, faults) => {
  const read = scheduleOf({ ...TYPED, ...changes });
  expect(read.schedule).toBeNull();
  expect([...read.faults]).toEqual(faults);
});

it("says which schedule counts now", () => {
  const at = (scheduleId: number, validFrom: string, merchantId = "*"): FeeSchedule => ({
    ...COST, scheduleId, merchantId, currency: "EUR", onRefund: "KEEP", validFrom, createdAt: validFrom, createdBy: "kim",
  });
  const all = [at(1, "1970-01-01T00:00:00Z"), at(2, "2026-01-01T00:00:00Z"), at(3, "2027-01-01T00:00:00Z"), at(4, "2025-01-01T00:00:00Z", "M1")];
  const now = Date.parse("2026-05-17T00:00:00Z");
  expect(all.map((one) => phaseOf(one, all, now))).toEqual(["ended", "inForce", "later", "inForce"]);
});
