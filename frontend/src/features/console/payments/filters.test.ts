import { describe, expect, it } from "vitest";
import { en } from "../../../i18n/en";
import { toLocal } from "../../../i18n/time";
import { draftOf, given, NONE, read, setNames, shownValue, type Draft } from "./filters";

const wanted = (draft: Partial<Draft>, shown = NONE) => read({ ...NONE, ...draft }, shown, en);

describe("amounts", () => {
  it("are minor units in the address and decimals in the field", () => {
    const filters = { ...NONE, currency: "USD", amountFrom: "5050" };
    expect(draftOf(filters).amountFrom).toBe("50.50");
    expect(wanted({ currency: "USD", amountFrom: "50.5" })).toEqual({ filters, errors: [] });
    expect(shownValue("amountFrom", filters, en)).toBe("$50.50");
  });

  it("are shown as they are without a currency, or when they are no amounts", () => {
    expect(draftOf({ ...NONE, amount: "5050" }).amount).toBe("5050");
    expect(draftOf({ ...NONE, amount: "much", currency: "USD" }).amount).toBe("much");
    expect(shownValue("amount", { ...NONE, amount: "5050" }, en)).toBe("5050 minor units");
  });

  it.each([
    [{ amount: "5" }, en.search.noCurrency],
    [{ currency: "US" }, en.search.badCurrency],
    [{ currency: "USD", amount: "5", amountTo: "6" }, en.search.amountOrRange],
    [{ currency: "KRW", amountFrom: "700", amountTo: "600" }, en.search.emptyRange],
  ])("%o is refused", (draft, why) => {
    expect(wanted(draft).errors).toEqual([why]);
  });

  it("with more decimals than the currency has are refused by name", () => {
    expect(wanted({ currency: "KRW", amount: "1.5" }).errors[0]).toMatch(/^Amount: This currency has no decimals/);
  });
});

describe("times", () => {
  it("that were not changed keep what the field cannot show", () => {
    const from = "2025-10-27T06:16:28.123456Z";
    const shown = { ...NONE, from };
    expect(wanted(draftOf(shown), shown).filters.from).toBe(from);
    expect(wanted({ from: "2025-10-27T06:16:29" }, shown).filters.from).toBe(new Date("2025-10-27T06:16:29").toISOString());
  });

  it("must not end before they begin", () => {
    const same = toLocal("2025-10-27T06:16:28Z");
    expect(wanted({ from: same, to: same }).errors).toEqual([en.search.emptyRange]);
  });
});

it("names only what is set", () => {
  const filters = { ...NONE, q: "x", status: "VOIDED" };
  expect(setNames(filters)).toEqual(["q", "status"]);
  expect(given(filters)).toEqual({ q: "x", status: "VOIDED" });
  expect(shownValue("status", filters, en)).toBe("Voided");
  expect(shownValue("status", { ...NONE, status: "constructor" }, en)).toBe("constructor");
});

it("refuses an API key, which would get into the address and the storage", () => {
  expect(wanted({ q: "po_live_00Abc123Def4_secret" }).errors).toEqual([en.search.isKey]);
  expect(wanted({ merchantId: "po_box" }).errors).toEqual([]);
});

it("takes away spaces that were pasted with an id", () => {
  expect(wanted({ traceId: " 4bf92f35 " }).filters.traceId).toBe("4bf92f35");
});
