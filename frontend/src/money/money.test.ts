import { describe, expect, it } from "vitest";
import { decimalsOf, formatMoney, MAX_AMOUNT, misreadMoney, parseMoney, toDecimal, type Misread } from "./money";

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

  it("is exact beyond what a number holds", () => {
    expect(formatMoney(9_050_000_000_000_001n, "KRW", "ko-KR")).toBe("₩9,050,000,000,000,001");
    expect(formatMoney(2n ** 53n + 1n, "USD", "en-US")).toBe("$90,071,992,547,409.93");
    expect(formatMoney(-(2n ** 64n) - 1n, "KWD", "en-US")).toMatch(/^-.*18,446,744,073,709,551\.617$/);
    expect(toDecimal(12345678901234567890n, "USD")).toBe("123456789012345678.90");
  });

  it("never throws while it shows something", () => {
    expect(formatMoney(Number.NaN, "USD", "en-US")).toBe("—");
    expect(formatMoney(2 ** 53, "USD", "en-US")).toBe("—"); // may be any of several sums
    expect(formatMoney(0.5, "USD", "en-US")).toBe("—");
    expect(formatMoney(undefined as unknown as number, "USD", "en-US")).toBe("—");
    expect(formatMoney(5050, "??", "en-US")).toBe("50.50 ??");
    expect(formatMoney(5050, "", "en-US")).toBe("50.50 ");
    expect(formatMoney(5050, "USD", "no locale")).toBe("50.50 USD");
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
    ["10,000,000,000.00", "USD", MAX_AMOUNT],
    ["1,234", "KRW", 1234],
    ["12,345,678", "KRW", 12_345_678],
    ["1000000000000", "KRW", MAX_AMOUNT],
    ["1,234.5", "KWD", 1_234_500],
    ["007", "KRW", 7],
    ["\u00a05\u3000", "KRW", 5],
  ])("reads %s %s", (text, currency, minor) => {
    expect(parseMoney(text, currency)).toBe(minor);
  });

});

describe("texts of amounts", () => {
  it.each<[string, string, Misread]>([
    ["12,50", "USD", "comma"], // read as 1250.00 once
    ["12,5", "USD", "comma"],
    ["1.234,56", "USD", "comma"],
    [",5", "USD", "comma"],
    ["5,", "USD", "comma"],
    ["1,2345", "KRW", "comma"],
    ["1234,567", "KRW", "comma"],
    ["1,,234", "KRW", "comma"],
    ["0,500", "KWD", "comma"],
    ["1.5,000", "USD", "comma"],
    ["1，234", "KRW", "format"],
    ["", "USD", "format"],
    [" ", "USD", "format"],
    ["-1", "USD", "format"],
    ["+1", "USD", "format"],
    ["1e3", "USD", "format"],
    ["0x10", "KRW", "format"],
    ["1 234", "KRW", "format"],
    ["1\u00a0234", "KRW", "format"],
    ["１２３", "KRW", "format"],
    ["١٢", "KRW", "format"],
    ["$5", "USD", "format"],
    ["₩5", "KRW", "format"],
    ["5.", "USD", "format"],
    [".5", "USD", "format"],
    ["1.2.3", "USD", "format"],
    ["1'234", "KRW", "format"],
    ["Infinity", "USD", "format"],
    ["ten", "KRW", "format"],
    ["1.234", "USD", "decimals"],
    ["1.5", "KRW", "decimals"],
    ["1.0", "KRW", "decimals"],
    ["1.2345", "KWD", "decimals"],
    ["0", "USD", "range"],
    ["0.00", "USD", "range"],
    ["10000000000.01", "USD", "range"],
    ["1000000000001", "KRW", "range"],
    ["1,000,000,000,001", "KRW", "range"],
    ["9".repeat(400), "KRW", "range"],
  ])("does not read %j as %s: %s", (text, currency, why) => {
    expect(parseMoney(text, currency)).toBeNull();
    expect(misreadMoney(text, currency)).toBe(why);
  });

  it("reads back what it writes", () => {
    for (const currency of ["KRW", "USD", "KWD"]) {
      for (const minor of [1, 9, 10, 99, 100, 101, 999_999, MAX_AMOUNT]) {
        expect(parseMoney(toDecimal(minor, currency), currency)).toBe(minor);
        expect(misreadMoney(toDecimal(minor, currency), currency)).toBeNull();
      }
    }
    expect(decimalsOf("USD")).toBe(2);
  });
});

it.each(["en-US", "ko-KR"])("reads what it shows in %s, without the currency's sign", (locale) => {
  for (const currency of ["KRW", "USD", "KWD"]) {
    for (const minor of [1, 12, 1250, 125_000, 999_999_999, MAX_AMOUNT]) {
      const shown = formatMoney(minor, currency, locale).replaceAll(/[^\d.,]/g, "");
      expect(parseMoney(shown, currency)).toBe(minor);
    }
  }
});
