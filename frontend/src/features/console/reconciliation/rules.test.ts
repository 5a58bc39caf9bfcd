import { expect, it } from "vitest";
import { LARGEST_FILE, type ReconException } from "../../../api/reconciliation";
import { compare, mayEnd, refusedFile } from "./rules";

const LINE = { fileId: 2, number: 17, reference: "00-42-capture-1", acquirerReference: "op_7", kind: "capture", currency: "KRW", gross: 5000, fee: 75 } as const;
const OPERATION = {
  operationId: 7, paymentId: 42, merchantId: "M1", kind: "capture", currency: "KRW", amount: 5000, state: "APPROVED", reference: "00-42-capture-1", acquirerReference: "op_7",
  decidedAt: null,
} as const;

const differing = (line: ReconException["line"], operation: ReconException["operation"]) =>
  compare({ line, operation }).filter(({ differs }) => differs).map(({ field }) => field);

it("marks nothing where both sides agree", () => {
  expect(differing(LINE, OPERATION)).toEqual([]);
});

it.each([
  ["the amount", { gross: 4999 }, ["gross"]],
  ["the sign", { gross: -5000 }, ["gross"]],
  ["the currency", { currency: "USD" }, ["currency"]],
  ["the kind, and with it the sign", { kind: "refund" }, ["kind"]],
  ["a reference", { reference: "00-42-capture-2" }, ["reference"]],
] as const)("marks %s that differs", (_, changes, fields) => {
  expect(differing({ ...LINE, ...changes }, OPERATION)).toEqual(fields);
});

it("expects a refund below zero, as the file has it", () => {
  expect(differing({ ...LINE, kind: "refund", gross: -5000 }, { ...OPERATION, kind: "refund" })).toEqual([]);
});

it("marks nothing that one side does not have", () => {
  expect(differing(LINE, null)).toEqual([]);
  expect(differing(null, OPERATION)).toEqual([]);
  expect(differing(LINE, { ...OPERATION, acquirerReference: null })).toEqual([]);
});

it("lets an operator end what is open or waits", () => {
  const state = (one: ReconException["state"]) => mayEnd({ state: one });
  expect([state("OPEN"), state("WAITING"), state("RESOLVED"), state("WRITTEN_OFF")]).toEqual([true, true, false, false]);
});

it("uploads files of one byte up to the limit", () => {
  expect([0, 1, LARGEST_FILE, LARGEST_FILE + 1].map((size) => refusedFile({ size }))).toEqual(["empty", null, null, "tooLarge"]);
});
