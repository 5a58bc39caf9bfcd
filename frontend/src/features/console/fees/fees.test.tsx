// @vitest-environment jsdom
/** Fee schedules: listed with an example, and added. */
import { cleanup, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Scope } from "../../../api/keys";
import type { FeeSchedule } from "../../../api/settlements";
import { stubDialogs } from "../../../ui/rendered";
import { serve, show, type Sent } from "../testing";
import FeesPage from "./page";

beforeEach(stubDialogs);
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const SCHEDULE: FeeSchedule = {
  scheduleId: 1, merchantId: "*", currency: "EUR", basisPoints: 290, fixed: 30, minimum: 0, maximum: null, onRefund: "KEEP", validFrom: "2026-01-01T00:00:00Z",
  createdAt: "2026-01-01T00:00:00Z", createdBy: "kim",
};

async function opened(scopes?: readonly Scope[]): Promise<Sent[]> {
  const sent = serve(({ method }) => (method === "POST" ? SCHEDULE : { items: [SCHEDULE], nextCursor: null }));
  show(<FeesPage />, "/console/fees?currency=EUR", scopes);
  await screen.findByText("any merchant");
  return sent;
}

it("shows what a payment costs by each schedule", async () => {
  const sent = await opened();
  expect(screen.getByRole("row", { name: /any merchant/ }).textContent).toContain("€100.00 → €3.20");
  expect(sent[0]?.url).toBe("/fee-schedules?limit=20&currency=EUR");
});

it("adds a schedule, and shows what it costs beforehand", async () => {
  const sent = await opened();
  fireEvent.click(screen.getByRole("button", { name: "New schedule …" }));
  const dialog = within(screen.getByRole("dialog"));
  const type = (label: string, text: string) => { fireEvent.change(dialog.getByLabelText(label), { target: { value: text } }); };
  for (const [label, text] of [["Merchant", "M1"], ["Currency", "eur"], ["Share (%)", "1.5"], ["Fixed", "0.30"], ["At most", "5"], ["Reason", "a new contract"]] as const) type(label, text);
  type("On a refund", "RETURN");
  expect(dialog.getByRole("status").textContent).toBe("A payment of €100.00 costs €1.80");
  fireEvent.click(dialog.getByRole("button", { name: "Add" }));
  expect(await screen.findByText("The schedule of any merchant in EUR is added.")).not.toBeNull();
  const body = sent.find(({ method }) => method === "POST")?.body;
  expect(body).toMatchObject({ merchantId: "M1", currency: "EUR", basisPoints: 150, fixed: 30, minimum: 0, maximum: 500, onRefund: "RETURN", reason: "a new contract" });
  expect(Date.parse(String(body?.validFrom)) - Date.now()).toBeGreaterThan(3_500_000);
});

it("adds nothing while something is wrong, and says what", async () => {
  await opened();
  fireEvent.click(screen.getByRole("button", { name: "New schedule …" }));
  const dialog = within(screen.getByRole("dialog"));
  fireEvent.change(dialog.getByLabelText("Share (%)"), { target: { value: "101" } });
  expect(dialog.getByText("A number from 0 to 100, with up to two decimals.")).not.toBeNull();
  expect(dialog.getByRole<HTMLButtonElement>("button", { name: "Add" }).disabled).toBe(true);
});

it("offers a new one only to keys that administer", async () => {
  await opened(["read", "operate"]);
  expect(screen.queryByRole("button", { name: "New schedule …" })).toBeNull();
});
