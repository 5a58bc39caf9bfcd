import { describe, expect, it } from "vitest";
import { decimalsOf, formatMoney, MAX_AMOUNT, parseMoney, toDecimal } from "./money";

describe("amounts of minor units", () => {
  it.each([
    [10_000, "KRW", "10000"],
    [10_000, "USD", "100.00"],
    [5, "USD", "0.05"],
    [0, "USD", "0.00"],
    [-1234, "USD", "-12.34"],
    [1_234, "KWD", "1.234"],
    [7, "IQD", "0.007"],
  ])("writes %i %s as %s", (minor, currency, text) => {
    expect(toDecimal(minor, currency)).toBe(text);
  });

  it("never rounds, however large", () => {
    expect(formatMoney(Number.MAX_SAFE_INTEGER, "USD", "en-US")).toBe("$90,071,992,547,409.91");
    expect(formatMoney(109_900, "USD", "en-US")).toBe("$1,099.00");
    expect(formatMoney(1_790_000, "KRW", "ko-KR")).toBe("₩1,790,000");
    expect(formatMoney(7, "IQD", "en-US")).toMatch(/0\.007$/);
  });

  it("refuses what is no whole number of minor units", () => {
    expect(() => toDecimal(0.5, "USD")).toThrow(RangeError);
    expect(() => toDecimal(2 ** 53, "USD")).toThrow(RangeError);
  });

  it.each([
    ["50.5", "USD", 5050],
    [" 1,099.00 ", "USD", 109_900],
    ["0.29", "USD", 29], // 0.29 * 100 is 28.999999999999996
    ["1790000", "KRW", 1_790_000],
    ["1.234", "KWD", 1234],
    ["10000000000.00", "USD", MAX_AMOUNT],
  ])("reads %s %s", (text, currency, minor) => {
    expect(parseMoney(text, currency)).toBe(minor);
  });

  it.each([
    ["", "USD"],
    ["0", "USD"],
    ["-1", "USD"],
    ["1.234", "USD"],
    ["1.5", "KRW"],
    ["1e3", "USD"],
    ["10000000000.01", "USD"],
    ["ten", "KRW"],
  ])("does not read %s as %s", (text, currency) => {
    expect(parseMoney(text, currency)).toBeNull();
  });

  it("reads back what it writes", () => {
    for (const currency of ["KRW", "USD", "KWD"]) {
      for (const minor of [1, 9, 10, 99, 100, 101, 999_999, MAX_AMOUNT]) {
        expect(parseMoney(toDecimal(minor, currency), currency)).toBe(minor);
      }
    }
    expect(decimalsOf("USD")).toBe(2);
  });
});
