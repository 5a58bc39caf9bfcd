import { describe, expect, it } from "vitest";
import { byCurrency, currencyName, type Balance } from "./currencies";

function balance(account: Balance["account"], currency: string, debits: number | bigint, credits: number | bigint): Balance {
  return { account, currency, debits: debits as number, credits: credits as number, balance: 0 };
}

describe("byCurrency", () => {
  it("adds up each currency by itself", () => {
    const found = byCurrency([balance("customer_hold", "USD", 5, 2), balance("hold_clearing", "KRW", 100, 0), balance("hold_clearing", "USD", 0, 3)]);
    expect(found.map(({ currency, debits, credits }) => [currency, debits, credits])).toEqual([["KRW", 100n, 0n], ["USD", 5n, 5n]]);
    expect(found[1]?.items).toHaveLength(2);
  });

  it("is exact beyond what a number holds", () => {
    const large = 2n ** 53n + 1n;
    expect(byCurrency([balance("customer_hold", "KRW", large, 0), balance("hold_clearing", "KRW", 1, 0)])[0]?.debits).toBe(large + 1n);
  });

  it("is empty without balances", () => {
    expect(byCurrency([])).toEqual([]);
  });
});

it("names a currency, and never fails", () => {
  expect(currencyName("KRW", "en-US")).toBe("South Korean Won");
  expect(currencyName("KRW", "ko-KR")).toBe("대한민국 원");
  expect(currencyName("no code", "en-US")).toBe("no code");
});
