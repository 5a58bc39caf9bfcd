// @vitest-environment jsdom
/** Batches, what an operator does to them, payout files and adjustments. */
import { cleanup, fireEvent, screen, within } from "@testing-library/react";
import { Route, Routes } from "react-router";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Scope } from "../../../api/keys";
import type { Adjustment, Batch, Item } from "../../../api/settlements";
import { stubDialogs } from "../../../ui/rendered";
import { refusal, serve, show, type Sent } from "../testing";
import BatchPage from "./batch";
import SettlementsPage from "./page";

beforeEach(stubDialogs);
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const AT = "2026-05-17T12:00:00.000000Z";
const BATCH: Batch = {
  batchId: 5, merchantId: "M1", currency: "USD", number: 2, cutoff: AT, state: "CLOSED", carriedIn: -100, gross: 10_000, refunds: 5000, fees: 105, adjustments: -20, net: 4775,
  carriedOut: 0, items: 2, sha256: "ab12", approvedBy: [], payoutFileId: null, held: false, createdAt: AT, closedAt: AT, updatedAt: AT,
};
const ITEM: Item = { itemId: 1, kind: "CAPTURE", amount: 10_000, fee: 180, net: 9820, entryId: 9, eventId: 8, paymentId: 42, occurredAt: AT, source: null };
const ADJUSTED: Item = { ...ITEM, itemId: 2, kind: "ADJUSTMENT", amount: -20, fee: 0, net: -20, eventId: null, paymentId: null, source: { type: "adjustment", id: 3 } };
const ADJUSTMENT: Adjustment = {
  adjustmentId: 3, merchantId: "M1", currency: "USD", amount: -500_000_000, reason: "chargebacks", proposedBy: "lee", agreedBy: null, createdAt: AT, postedAt: null, withdrawnBy: null, withdrawnAt: null,
};

function opened(address: string, batch: Batch = BATCH, change: (sent: Sent) => unknown = () => batch, scopes: readonly Scope[] = ["read", "operate"], adjustment: Adjustment = ADJUSTMENT): Sent[] {
  const page = (...items: unknown[]) => ({ items, nextCursor: null });
  const sent = serve((one) => {
    if (one.method === "POST") return change(one);
    if (one.url.startsWith("/payout-files")) return page();
    if (one.url.startsWith("/settlement-adjustments")) return page(adjustment);
    if (one.url.includes("/items?")) return page(ITEM, ADJUSTED);
    return one.url.startsWith("/settlement-batches/") ? batch : page(batch);
  });
  show(
    <Routes>
      <Route path="/console/settlements" element={<SettlementsPage />} />
      <Route path="/console/settlements/:id" element={<BatchPage />} />
      <Route path="*" element={null} />
    </Routes>,
    address,
    scopes,
  );
  return sent;
}

const posted = (sent: Sent[]) => sent.find((one) => one.method === "POST");
const click = async (name: string) => { fireEvent.click(await screen.findByRole("button", { name })); };
const type = (label: string, text: string) => { fireEvent.change(within(screen.getByRole("dialog")).getByLabelText(label), { target: { value: text } }); };
const act = (name: string) => { fireEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name })); };

it("lists batches by the filters of the address", async () => {
  const sent = opened("/console/settlements?state=CLOSED&merchantId=M1&currency=USD");
  expect((await screen.findByRole("link", { name: "Show batch 5" })).getAttribute("href")).toBe("/console/settlements/5");
  expect(sent[0]?.url).toBe("/settlement-batches?limit=20&state=CLOSED&merchantId=M1&currency=USD");
});

it("shows parts that add up, and items that lead to their payment", async () => {
  opened("/console/settlements/5");
  const sums = await screen.findByRole("region", { name: "Amounts", hidden: false });
  for (const text of ["-$1.00", "$100.00", "-$50.00", "-$1.05", "-$0.20", "$47.75"]) expect(sums.textContent).toContain(text);
  expect((await screen.findByRole("link", { name: "42" })).getAttribute("href")).toBe("/console/payments/42");
  expect(screen.getByRole("link", { name: "Adjustment 3" }).getAttribute("href")).toBe("/console/settlements?view=adjustments");
});

it("approves with a reason, and says that a second operator is needed", async () => {
  const sent = opened("/console/settlements/5", { ...BATCH, approvedBy: ["lee"] }, () => refusal(409, "SECOND_OPERATOR_NEEDED"));
  expect((await screen.findByText(/^Approved by lee/)).textContent).toContain("a second operator");
  await click("Approve …");
  type("Reason", " agrees ");
  act("Approve");
  expect((await screen.findByRole("alert")).textContent).toContain("second operator");
  expect(posted(sent)).toMatchObject({ url: "/settlement-batches/5/approve", body: { reason: "agrees" } });
});

it("says that a batch is held while its merchant is suspended", async () => {
  opened("/console/settlements", { ...BATCH, state: "APPROVED", held: true });
  expect(await screen.findByText("Merchant suspended")).not.toBeNull();
  cleanup();
  opened("/console/settlements/5", { ...BATCH, state: "APPROVED", held: true });
  expect(await screen.findByText(/^Its merchant is suspended: no payout file/)).not.toBeNull();
  expect(screen.queryByText(/^It is paid by the next payout file/)).toBeNull();
});

it.each([["Confirm the payout …", "Confirm", "confirm"], ["Returned by the bank …", "Mark as returned", "return"]])("%s of a batch that is in a payout file", async (open, action, step) => {
  const sent = opened("/console/settlements/5", { ...BATCH, state: "EXPORTED", payoutFileId: 7 }, () => ({ ...BATCH, state: "CONFIRMED" }));
  await click(open);
  type("Reason", "statement of May 18");
  act(action);
  expect(await screen.findByText("Batch 5: Paid out")).not.toBeNull();
  expect(posted(sent)?.url).toBe(`/settlement-batches/5/${step}`);
});

it("offers nothing to a key that reads alone, nor a statement of an open batch", async () => {
  opened("/console/settlements/5", { ...BATCH, state: "OPEN" }, undefined, ["read"]);
  expect(await screen.findByText(/^Amounts are summed when/)).not.toBeNull();
  expect(screen.queryByRole("button", { name: /…$/ })).toBeNull();
  expect(screen.queryByRole("button", { name: "Print" })).toBeNull();
});

it("makes a payout file of a currency", async () => {
  const made = { fileId: 1, name: "2026-05-17-USD", format: "CSV", mode: "LIVE", currency: "USD", payouts: 2, total: 4775, sha256: "ab", createdBy: "kim", createdAt: AT };
  const sent = opened("/console/settlements?view=files", BATCH, () => made);
  await click("New payout file …");
  type("Currency", "usd");
  type("Reason", "Monday");
  act("Create file");
  expect(await screen.findByText("2026-05-17-USD: 2 payouts, $47.75.")).not.toBeNull();
  expect(posted(sent)).toMatchObject({ url: "/payout-files", body: { currency: "USD", mode: "LIVE", format: "CSV", reason: "Monday" } });
});

it("takes an amount from a merchant, with the sign of the direction", async () => {
  const sent = opened("/console/settlements?view=adjustments", BATCH, () => ADJUSTMENT);
  await click("New adjustment …");
  for (const [label, text] of [["Merchant", "M1"], ["Currency", "USD"], ["Direction", "debit"], ["Amount", "12.50"], ["Reason", "a chargeback"]] as const) type(label, text);
  act("Add adjustment");
  expect(await screen.findByText("Adjustment 3 waits for a second operator.")).not.toBeNull();
  expect(posted(sent)?.body).toEqual({ merchantId: "M1", currency: "USD", amount: -1250, reason: "a chargeback", idempotencyKey: expect.stringMatching(/^[0-9a-f-]{36}$/) as string });
});

it("sends an adjustment again with its key, and says so when it was changed since", async () => {
  const answers = [() => new TypeError("no answer"), () => refusal(422, "IDEMPOTENCY_KEY_REUSED")];
  const sent = opened("/console/settlements?view=adjustments", BATCH, () => answers.shift()?.());
  await click("New adjustment …");
  for (const [label, text] of [["Merchant", "M1"], ["Currency", "USD"], ["Amount", "12.50"], ["Reason", "late"]] as const) type(label, text);
  act("Add adjustment");
  expect(await screen.findByText(/There was no answer/)).not.toBeNull();
  type("Amount", "13");
  act("Add adjustment");
  expect(await screen.findByText("What you sent from this dialog before is an adjustment already. Close it and look at the list.")).not.toBeNull();
  const keys = sent.filter((one) => one.method === "POST").map((one) => one.body.idempotencyKey);
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);
});

it("lets a second operator agree to what waits", async () => {
  const sent = opened("/console/settlements?view=adjustments", BATCH, () => ({ ...ADJUSTMENT, postedAt: AT }));
  await click("Agree … to adjustment 3");
  type("Reason", "seen the mail");
  act("Agree");
  expect(await screen.findByText("Adjustment 3 is posted.")).not.toBeNull();
  expect(posted(sent)).toMatchObject({ url: "/settlement-adjustments/3/agree", body: { reason: "seen the mail" } });
});

it("withdraws what waits, with a reason", async () => {
  const sent = opened("/console/settlements?view=adjustments", BATCH, () => ({ ...ADJUSTMENT, withdrawnBy: "kim", withdrawnAt: AT }));
  await click("Withdraw … adjustment 3");
  type("Reason", "nobody wants it");
  act("Withdraw");
  expect(await screen.findByText("Adjustment 3 is withdrawn.")).not.toBeNull();
  expect(posted(sent)).toMatchObject({ url: "/settlement-adjustments/3/withdraw", body: { reason: "nobody wants it" } });
});

it("offers nothing for what is withdrawn", async () => {
  opened("/console/settlements?view=adjustments", BATCH, undefined, undefined, { ...ADJUSTMENT, withdrawnBy: "kim", withdrawnAt: AT });
  expect(await screen.findByText("Withdrawn")).not.toBeNull();
  expect(screen.getByText("withdrawn by kim")).not.toBeNull();
  expect(screen.queryByRole("button", { name: /adjustment 3$/ })).toBeNull();
});
