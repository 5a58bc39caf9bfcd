// @vitest-environment jsdom
import { cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { WithHistory } from "../history";
import { serve, show } from "../testing";
import { StateLine } from "./state-line";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const part = (status: string, detail = status) => ({ status, detail });
const calm = {
  environment: "vagrant", breakerState: "CLOSED", outboxPending: 0, outboxOldestAgeSeconds: 0, outboxParked: 0, deadLettersOpen: 0,
  auditFindingsOpen: 0, ledgerLagSeconds: 0, rateLimits: [],
};

function open(operations: object, components: object, status = 200): void {
  serve(({ url }) => (url.startsWith("/operations") ? { ...calm, ...operations } : new Response(JSON.stringify({ status: "UP", components }), { status })));
  show(<WithHistory merchantId="M1"><StateLine /></WithHistory>);
}

const links = () => screen.getAllByRole("link").map((link) => link.textContent);

it("says in words that all is well", async () => {
  open({}, { database: part("UP"), relay: part("UP") });
  await screen.findByText("vagrant");
  expect(await screen.findByRole("button", { name: "All up" })).toBeTruthy();
  expect(links().slice(0, 4)).toEqual(["Breaker: Closed", "Outbox empty", "Dead letters: none open", "Findings: none open"]);
});

it("shows the worst component first, each with its page, also while the answer is a 503", async () => {
  const bad = { database: part("DOWN", "The database does not answer."), redis: part("UP"), relay: part("DEGRADED"), breaker: part("DEGRADED") };
  open({ breakerState: "OPEN", outboxPending: 3, outboxOldestAgeSeconds: 125, outboxParked: 1, deadLettersOpen: 2, auditFindingsOpen: 1 }, bad, 503);
  const more = await screen.findByRole("button", { name: "1 more up" });
  await screen.findByText("vagrant");
  expect(links().slice(0, 6)).toEqual([
    "Database down", "Relay degraded", "Breaker: Open", "Outbox: oldest waits 2 min, 1 parked", "Dead letters: 2 open", "Findings: 1 open",
  ]);
  expect(screen.getByRole("link", { name: "Relay degraded" }).getAttribute("href")).toBe("/console/outbox");
  expect(screen.getByText("The database does not answer.").closest("[hidden]")).not.toBeNull();
  fireEvent.click(more);
  expect(screen.getByText("The database does not answer.").closest("[hidden]")).toBeNull();
});

it("shows a component that it has no name for", async () => {
  open({}, { mainframe: part("DEGRADED") });
  expect(await screen.findByRole("link", { name: "mainframe degraded" })).toBeTruthy();
});
