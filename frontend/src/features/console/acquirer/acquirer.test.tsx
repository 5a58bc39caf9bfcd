// @vitest-environment jsdom
/** The acquirer's page: how it is, operations by state, asking again, and two operators who decide. */
import { cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { Route, Routes } from "react-router";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Acquirer, AcquirerOperation } from "../../../api/acquirer";
import type { Scope } from "../../../api/keys";
import { stubDialogs } from "../../../ui/rendered";
import { refusal, serve, show, type Sent } from "../testing";
import AcquirerPage from "./page";

beforeEach(() => {
  stubDialogs();
  Element.prototype.scrollIntoView = () => undefined; // jsdom has no layout
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const AT = "2026-05-17T12:00:00.000000Z";
const OPERATION: AcquirerOperation = {
  operationId: 7, paymentId: 42, merchantId: "STORE", connector: "simulator", kind: "capture", amount: 5000, currency: "KRW", state: "MANUAL",
  reference: "00-42-capture-1", authorizationReference: "00-42-authorization-1", acquirerReference: null, declineCode: null, requestId: "r", reverses: null,
  createdAt: AT, sentAt: AT, decidedAt: null, nextEnquiryAt: null, enquiries: 14, proposal: null, proposedBy: null, proposedReason: null,
};
const PROPOSED: AcquirerOperation = { ...OPERATION, proposal: "APPROVED", proposedBy: "lee", proposedReason: "in the file of May 17" };
const SIMULATOR: Acquirer = {
  connector: "simulator", configured: true, breaker: { state: "OPEN", stateSince: AT }, counts: { CREATED: 0, SENT: 0, UNKNOWN: 3, FENCING: 0, MANUAL: 1 }, oldestUndecidedAt: AT,
};

/** Opens `address` on a server with this operation; `change` answers what an operator does. */
function opened(address: string, operation = OPERATION, change: (sent: Sent) => unknown = () => operation, scopes: readonly Scope[] = ["read", "operate"]): Sent[] {
  const sent = serve((one) => {
    if (one.method === "POST") return change(one);
    if (one.url === "/acquirer") return { items: [SIMULATOR] };
    return one.url.startsWith("/acquirer-operations/") ? operation : { items: [operation], nextCursor: null };
  });
  const page = <AcquirerPage />;
  show(<Routes><Route path="/console/acquirer" element={page} /><Route path="/console/acquirer/:id" element={page} /></Routes>, address, scopes);
  return sent;
}

const asked = (sent: Sent[]) => sent.filter((one) => one.url.startsWith("/acquirer-operations?")).map((one) => one.url);

async function decideAs(outcome: string, action: string): Promise<void> {
  fireEvent.click(await screen.findByRole("button", { name: "Decide by evidence …" }));
  const dialog = within(screen.getByRole("dialog"));
  fireEvent.change(dialog.getByLabelText("Outcome"), { target: { value: outcome } });
  fireEvent.change(dialog.getByLabelText("Reason"), { target: { value: " in the file " } });
  fireEvent.click(dialog.getByRole("button", { name: action }));
}

it("shows the breaker and the operations without an outcome, by state", async () => {
  opened("/console/acquirer");
  const panel = await screen.findByRole("region", { name: "Acquirer: Simulator" });
  expect(within(panel).getByTestId("acquirer-breaker").dataset.state).toBe("OPEN");
  expect(within(panel).getAllByRole("link").map((link) => [link.textContent, link.getAttribute("href")])).toEqual([
    ["1", "/console/acquirer?state=MANUAL"],
    ["3", "/console/acquirer?state=UNKNOWN"],
  ]);
  expect(panel.textContent).toMatch(/The oldest has no outcome for \d+ h/);
});

it("lists what waits for an operator first, and all operations of one payment", async () => {
  expect(await firstList("/console/acquirer")).toContain("state=MANUAL");
  expect(await firstList("/console/acquirer?paymentId=42")).toBe("/acquirer-operations?limit=20&paymentId=42");
  expect(await firstList("/console/acquirer?state=ALL")).toBe("/acquirer-operations?limit=20");
});

async function firstList(address: string): Promise<string | undefined> {
  const sent = opened(address);
  await screen.findByText("00-42-capture-1");
  cleanup();
  return asked(sent)[0];
}

it("asks the acquirer again, with a reason", async () => {
  const sent = opened("/console/acquirer/7", { ...OPERATION, state: "UNKNOWN" });
  fireEvent.click(await screen.findByRole("button", { name: "Ask again …" }));
  expect(screen.queryByRole("button", { name: "Decide by evidence …" })).toBeNull();
  fireEvent.change(screen.getByLabelText("Reason"), { target: { value: "it is back" } });
  fireEvent.click(screen.getByRole("button", { name: "Ask again" }));
  expect(await screen.findByText("The acquirer is being asked.")).not.toBeNull();
  expect(sent.find((one) => one.method === "POST")).toMatchObject({ url: "/acquirer-operations/7/enquire", body: { reason: "it is back" } });
});

it("proposes an outcome, and says that a second operator has to confirm it", async () => {
  const sent = opened("/console/acquirer/7", OPERATION, () => PROPOSED);
  await decideAs("APPROVED", "Propose");
  expect(await screen.findByText("Proposed. A second operator, with another key, has to confirm it.")).not.toBeNull();
  expect(sent.find((one) => one.method === "POST")).toMatchObject({ url: "/acquirer-operations/7/decide", body: { outcome: "APPROVED", reason: "in the file" } });
});

it("shows the first operator's proposal, which a second one carries out", async () => {
  opened("/console/acquirer/7", PROPOSED, () => ({ ...PROPOSED, state: "APPROVED" }));
  expect(await screen.findByText("lee proposes: Approved: the money moved")).not.toBeNull();
  expect(screen.getByText("in the file of May 17")).not.toBeNull();
  await decideAs("APPROVED", "Confirm and carry out");
  expect(await screen.findByText("Carried out: Approved: the money moved")).not.toBeNull();
});

it("says that the same operator cannot confirm, and that another outcome is a new proposal", async () => {
  opened("/console/acquirer/7", PROPOSED, () => refusal(409, "SECOND_OPERATOR_NEEDED"));
  await decideAs("DECLINED", "Propose");
  expect((await screen.findByRole("alert")).textContent).toContain("A second operator, with another key, has to confirm it.");
});

it.each([
  ["a key that reads alone", "MANUAL", ["read"] as const],
  ["a decided operation", "APPROVED", ["read", "operate"] as const],
])("offers nothing for %s", async (_, state, scopes) => {
  opened("/console/acquirer/7", { ...OPERATION, state: state as AcquirerOperation["state"] }, undefined, scopes);
  await waitFor(() => { expect(screen.getByText("00-42-authorization-1")).not.toBeNull(); });
  expect(screen.queryByRole("button", { name: /…$/ })).toBeNull();
});
