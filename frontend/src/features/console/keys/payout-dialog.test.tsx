// @vitest-environment jsdom
import { cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Merchant } from "../../../api/keys";
import { keep } from "../../../api/storage";
import { merchantsInEnglish, merchantsInKorean } from "../../../i18n/merchants";
import { stubDialogs } from "../../../ui/rendered";
import { serve, show, type Sent } from "../testing";
import { PayoutDialog } from "./payout-dialog";

const IBAN = "DE89370400440532013000";
const merchant: Merchant = { merchantId: "M1", name: "A shop", mode: "LIVE", cell: "00", state: "ACTIVE", connector: "none", timeZone: "UTC", iban: IBAN, createdAt: "2025-10-27T06:16:28.123456Z" };
const { removal, unchanged } = merchantsInEnglish;

beforeEach(() => {
  localStorage.clear();
  stubDialogs();
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function open(of: Merchant = merchant): { sent: Sent[]; closed: () => void } {
  const sent = serve(() => of);
  const closed = vi.fn();
  show(<PayoutDialog merchant={of} onDone={() => undefined} onClose={closed} />);
  return { sent, closed };
}

const type = (label: string, text: string) => { fireEvent.change(screen.getByLabelText(label), { target: { value: text } }); };
const button = () => screen.getByRole<HTMLButtonElement>("button", { name: /^(Change|변경)$/ });

it.each(["", "  "])("removes the IBAN when its field is emptied, and says what that means: %j", async (text) => {
  const { sent, closed } = open();
  expect(screen.queryByText(removal.LIVE)).toBeNull();
  type("IBAN", text);
  expect(screen.getByText(removal.LIVE)).not.toBeNull();
  type("Reason", "its account is closed");
  fireEvent.click(button());
  await waitFor(() => { expect(closed).toHaveBeenCalled(); });
  expect(sent.map(({ method, url, body }) => [method, url, body])).toEqual([["PATCH", "/merchants/M1", { iban: null, reason: "its account is closed" }]]);
});

it("says of a test merchant that it needs no IBAN, and says it in Korean", () => {
  keep("payops.language", "ko");
  open({ ...merchant, mode: "TEST" });
  type("IBAN", "");
  expect(screen.getByText(merchantsInKorean.removal.TEST)).not.toBeNull();
});

it("says why there is nothing to change", () => {
  open();
  expect([button().disabled, screen.queryByText(unchanged) === null]).toEqual([true, false]);
  type("IBAN", "");
  expect([button().disabled, screen.queryByText(unchanged) === null]).toEqual([false, true]);
  type("IBAN", "de89 3704 0044 0532 0130 00");
  expect([button().disabled, screen.queryByText(unchanged) === null]).toEqual([true, false]);
});

it.each(["", " "])("needs a time zone, which its field says: %j", (text) => {
  const { sent } = open();
  type("Time zone", text);
  type("Reason", "its form");
  expect(screen.queryByText(unchanged)).toBeNull();
  expect(screen.getByLabelText<HTMLInputElement>("Time zone").validity.valid).toBe(false);
  fireEvent.click(button());
  expect(sent).toEqual([]);
});
