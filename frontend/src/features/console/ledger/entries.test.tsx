// @vitest-environment jsdom
/** Entries of the ledger: each leads to its payment, or to what else made it. */
import { cleanup, screen, within } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { LedgerEntry } from "../../../api/desk";
import { serve, show } from "../testing";
import { Entries } from "./entries";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const AT = "2026-05-17T12:00:00.000000Z";
const ENTRY: LedgerEntry = {
  entryId: 1, postingNo: 0, paymentId: 42, eventId: 8, sourceType: null, sourceId: null, merchantId: null, debitAccount: "merchant_payable", creditAccount: "fee_revenue",
  amount: 180, currency: "USD", occurredAt: AT, postedAt: AT,
};
const of = (entryId: number, sourceType: LedgerEntry["sourceType"], sourceId: number): LedgerEntry => ({ ...ENTRY, entryId, paymentId: null, eventId: null, sourceType, sourceId });

it("links each entry to what it is of", async () => {
  const items = [ENTRY, of(2, "settlement_batch", 5), of(3, "recon_file", 6), of(4, "recon_exception", 7), of(5, "adjustment", 3), of(6, "payout", 9)];
  serve(() => ({ items, nextCursor: null }));
  show(<Entries filter={{ paymentId: null, eventId: null }} paging={{ cursor: null, first: true, back: vi.fn(), on: vi.fn() }} onFilter={vi.fn()} />, "/console/ledger");
  const rows = (await screen.findAllByRole("row")).slice(1);
  const origins = rows.map((row) => within(row).getAllByRole("cell")[2]);
  expect(origins.map((cell) => [cell?.textContent, cell?.querySelector("a")?.getAttribute("href") ?? null])).toEqual([
    ["42", "/console/payments/42"],
    ["Batch 5", "/console/settlements/5"],
    ["Acquirer's file 6", "/console/reconciliation?view=files&file=6"],
    ["Exception 7", "/console/reconciliation/7"],
    ["Adjustment 3", "/console/settlements?view=adjustments"],
    ["Payout 9", null],
  ]);
});
