// @vitest-environment jsdom
/** Exceptions with both sides, how operators end them, and files. */
import { cleanup, fireEvent, screen, within } from "@testing-library/react";
import { Route, Routes } from "react-router";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Scope } from "../../../api/keys";
import type { ReconException, ReconFile, ReconSummary } from "../../../api/reconciliation";
import { stubDialogs } from "../../../ui/rendered";
import { refusal, serve, show, type Sent } from "../testing";
import ExceptionPage from "./exception";
import ReconciliationPage from "./page";

beforeEach(stubDialogs);
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const AT = "2026-05-17T12:00:00.000000Z";
const EXCEPTION: ReconException = {
  exceptionId: 4, class: "AMOUNT", state: "OPEN", connector: "simulator", currency: "KRW", suspense: 4925, openedAt: AT, opensAt: null, endedAt: null, actor: null,
  approver: null, reason: null, proposal: null, proposedBy: null, proposedReason: null,
  line: { fileId: 2, number: 17, reference: "00-42-capture-1", acquirerReference: "op_7", kind: "capture", currency: "KRW", gross: 5000, fee: 75 },
  operation: {
    operationId: 7, paymentId: 42, merchantId: "M1", kind: "capture", currency: "KRW", amount: 4900, state: "APPROVED", reference: "00-42-capture-1", acquirerReference: "op_7",
    decidedAt: AT,
  },
};
const PROPOSED: ReconException = { ...EXCEPTION, proposal: "RESOLVED", proposedBy: "lee", proposedReason: "their letter" };
const FILE: ReconFile = {
  fileId: 2, sha256: "ab12", connector: "simulator", name: "broken.csv", day: null, state: "REFUSED", lines: 0, matched: 0, exceptions: 0,
  faults: [{ line: 3, reason: "NET" }], totals: [], createdBy: "kim", createdAt: AT, endedAt: AT,
};
const SUMMARY: ReconSummary = {
  exceptions: [
    { class: "AMOUNT", open: 2, waiting: 0, olderThanDay: 1, olderThanWeek: 0, oldestAt: AT },
    { class: "MISSING_AT_ACQUIRER", open: 0, waiting: 3, olderThanDay: 0, olderThanWeek: 0, oldestAt: AT },
    { class: "FEE", open: 0, waiting: 0, olderThanDay: 0, olderThanWeek: 0, oldestAt: null },
  ],
  suspense: [{ currency: "KRW", amount: 9850 }],
  newestFile: FILE,
};

function opened(address: string, exception = EXCEPTION, change: (sent: Sent) => unknown = () => exception, scopes: readonly Scope[] = ["read", "operate"]): Sent[] {
  const page = (item: unknown) => ({ items: [item], nextCursor: null });
  const sent = serve((one) => {
    if (one.method === "POST") return change(one);
    if (one.url === "/reconciliation") return SUMMARY;
    if (one.url.startsWith("/reconciliation/files?")) return page(FILE);
    if (one.url.startsWith("/reconciliation/files/")) return FILE;
    return one.url.startsWith("/reconciliation/exceptions/") ? exception : page(exception);
  });
  show(
    <Routes>
      <Route path="/console/reconciliation" element={<ReconciliationPage />} />
      <Route path="/console/reconciliation/:id" element={<ExceptionPage />} />
    </Routes>,
    address,
    scopes,
  );
  return sent;
}

const posted = (sent: Sent[]) => sent.find((one) => one.method === "POST");

async function end(open: string, action: string): Promise<void> {
  fireEvent.click(await screen.findByRole("button", { name: open }));
  const dialog = within(screen.getByRole("dialog"));
  fireEvent.change(dialog.getByLabelText("Reason"), { target: { value: " it was said so " } });
  fireEvent.click(dialog.getByRole("button", { name: action }));
}

it("shows what has not ended by class and age, and what is in suspense", async () => {
  opened("/console/reconciliation");
  const panel = await screen.findByRole("region", { name: "State of reconciliation" });
  await within(panel).findByText("₩9,850");
  expect(within(panel).getByRole("link", { name: "2" }).getAttribute("href")).toBe("/console/reconciliation?class=AMOUNT");
  expect(within(panel).getByText("1 older than a day")).not.toBeNull();
  expect(within(panel).getByRole("link", { name: "0 + 3 waiting" }).getAttribute("href")).toBe("/console/reconciliation?class=MISSING_AT_ACQUIRER&state=WAITING");
  expect(within(panel).queryByText("Fee")).toBeNull();
});

it("lists open ones first, and all that one file has", async () => {
  const sent = opened("/console/reconciliation");
  await screen.findByRole("link", { name: "Show exception 4" });
  expect(sent.map(({ url }) => url)).toContain("/reconciliation/exceptions?limit=20&state=OPEN");
  cleanup();
  const ofFile = opened("/console/reconciliation?fileId=2");
  await screen.findByRole("link", { name: "Show exception 4" });
  expect(ofFile.map(({ url }) => url)).toContain("/reconciliation/exceptions?limit=20&fileId=2");
});

it("shows both sides, and says what differs", async () => {
  opened("/console/reconciliation/4");
  const row = await screen.findByRole("row", { name: /^Amount ?\(differs\)/ });
  expect(within(row).getAllByRole("cell").map((cell) => cell.textContent)).toEqual(["Amount (differs)", "₩5,000", "₩4,900"]);
  expect(screen.getByRole("link", { name: "42" }).getAttribute("href")).toBe("/console/payments/42");
});

it.each([["Resolve …", "Resolve", "resolve", "RESOLVED", "Resolved"], ["Write off …", "Write off", "write-off", "WRITTEN_OFF", "Written off"]] as const)(
  "%s with a reason", async (open, action, path, state, said) => {
    const sent = opened("/console/reconciliation/4", EXCEPTION, () => ({ ...EXCEPTION, state }));
    await end(open, action);
    expect(await screen.findByText(`Exception 4: ${said}`)).not.toBeNull();
    expect(posted(sent)).toMatchObject({ url: `/reconciliation/exceptions/4/${path}`, body: { reason: "it was said so" } });
  });

it("says that a proposal waits for a second operator", async () => {
  opened("/console/reconciliation/4", EXCEPTION, () => PROPOSED);
  await end("Resolve …", "Resolve");
  expect(await screen.findByText(/^Exception 4: proposed\. A second operator/)).not.toBeNull();
});

it("shows the first operator's proposal, which the same one cannot carry out", async () => {
  opened("/console/reconciliation/4", PROPOSED, () => refusal(409, "SECOND_OPERATOR_NEEDED"));
  expect(await screen.findByText("lee proposes to resolve it")).not.toBeNull();
  await end("Resolve …", "Resolve");
  expect(screen.getByText(/^Another operator has proposed the same/)).not.toBeNull();
  expect((await screen.findByRole("alert")).textContent).toContain("second operator");
});

it.each([["a key that reads alone", "OPEN", ["read"]], ["what has ended", "RESOLVED", ["read", "operate"]]] as const)("offers nothing for %s", async (_, state, scopes) => {
  opened("/console/reconciliation/4", { ...EXCEPTION, state }, undefined, scopes);
  await screen.findByText("₩5,000");
  expect(screen.queryByRole("button", { name: /…$/ })).toBeNull();
});

it("uploads a file as it is", async () => {
  const sent = opened("/console/reconciliation?view=files", EXCEPTION, () => FILE);
  fireEvent.click(await screen.findByRole("button", { name: "Upload a file …" }));
  const dialog = within(screen.getByRole("dialog"));
  fireEvent.change(dialog.getByLabelText("File (CSV)"), { target: { files: [new File(["record,number\n"], "May 17.csv", { type: "text/csv" })] } });
  fireEvent.submit(screen.getByRole("dialog").querySelector("form") as HTMLFormElement); // jsdom takes the file for missing
  expect(await screen.findByText("May 17.csv is stored and will be read.")).not.toBeNull();
  expect(posted(sent)?.url).toBe("/reconciliation/files?connector=simulator&name=May+17.csv");
});

it("says by line why a file was refused", async () => {
  opened("/console/reconciliation?view=files&file=2");
  expect(await screen.findByText("Line 3: net is not gross − fee")).not.toBeNull();
});
