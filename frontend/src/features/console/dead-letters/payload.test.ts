import { expect, it } from "vitest";
import { paymentIdOf } from "./payload";

it.each([
  ['{"paymentId": 42, "amount": 1}', 42],
  ['{"paymentId": "42"}', null],
  ['{"paymentId": 0}', null],
  ['{"paymentId": 1.5}', null],
  ['{"paymentId": 99999999999999999999}', null],
  ['{"amount": 1}', null],
  ["null", null],
  ["not JSON", null],
  ["", null],
])("finds the payment of %s: %s", (payload, id) => {
  expect(paymentIdOf(payload)).toBe(id);
});
