import { describe, expect, it } from "vitest";
import { foundPath } from "../frame/ids";
import { hasKey, isKeyId, keyIdIn, networksOf, payoutChange, payoutDetails } from "./rules";

const KEY = `po_live_00Abc123Def4_${"s".repeat(38)}`;

describe("a key in what is typed", () => {
  it.each([KEY, `Bearer ${KEY}`, KEY.slice(0, 30)])("is looked up by its id: %s", (text) => {
    expect([hasKey(text), keyIdIn(text), foundPath(text)]).toEqual([true, "Abc123Def4", "/console/keys?q=Abc123Def4"]);
  });

  it.each(["po_test_00Abc123", "po_oper_00Abc123Def_secretsecret", "x po_test_!"])("never gets into an address, even when it is no whole one: %s", (text) => {
    expect([keyIdIn(text), foundPath(text)]).toEqual([null, "/console/keys"]);
  });

  it("is not seen in what is none", () => {
    expect(["Abc123Def4", "po_box", "order po-test"].map(hasKey)).toEqual([false, false, false]);
    expect(["Abc123Def4", "Abc123Def", "Abc-23Def4"].map(isKeyId)).toEqual([true, false, false]);
  });
});

it("reads networks between commas and spaces", () => {
  expect(networksOf(" 10.0.0.0/8,2001:db8::/32  192.0.2.7,")).toEqual(["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"]);
  expect(networksOf(" , ")).toEqual([]);
});

it("sends of a merchant's payout details what has changed", () => {
  const merchant = { timeZone: "Asia/Seoul", iban: "DE89370400440532013000" };
  expect(payoutChange(merchant, "Asia/Seoul", "DE89 3704 0044 0532 0130 00")).toEqual({});
  expect(payoutChange(merchant, " UTC ", merchant.iban)).toEqual({ timeZone: "UTC" });
  expect(payoutChange(merchant, " ", "gb82west12345698765432")).toEqual({ iban: "GB82WEST12345698765432" });
});

it("removes an IBAN that is emptied, where there is one", () => {
  const merchant = { timeZone: "Asia/Seoul", iban: "DE89370400440532013000" };
  expect(payoutChange(merchant, "Asia/Seoul", " ")).toEqual({ iban: null });
  expect(payoutChange({ ...merchant, iban: null }, "Asia/Seoul", " ")).toEqual({});
});

it("gives a new merchant the payout details that are typed", () => {
  expect(payoutDetails("UTC", "de89370400440532013000")).toEqual({ timeZone: "UTC", iban: "DE89370400440532013000" });
  expect(payoutDetails(" ", " ")).toEqual({});
});
