// @vitest-environment jsdom
import { cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Scope } from "../../../api/keys";
import { stubDialogs } from "../../../ui/rendered";
import { refusal, serve, show, type Sent } from "../testing";
import KeysPage from "./page";

const at = "2025-10-27T06:16:28.123456Z";
const merchant = { merchantId: "M1", name: "A shop", mode: "TEST", cell: "00", state: "ACTIVE", connector: "none", timeZone: "UTC", iban: null, createdAt: at };
const key = {
  keyId: "Abc123Def4", kind: "MERCHANT", merchantId: "M1", name: "checkout", last4: "wxyz", scopes: ["payments:read", "payments:write"],
  allowedNetworks: [], state: "ACTIVE", createdAt: at, expiresAt: null, revokedAt: null, successorId: null, lastUsedAt: null, callsLast30Days: 1234,
};
const TEXT = `po_test_00New0000000_${"s".repeat(38)}`;
const made = { ...key, keyId: "New0000000", key: TEXT };

beforeEach(() => {
  localStorage.clear();
  stubDialogs();
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function server(change: (sent: Sent) => unknown = () => made, keys: object[] = [key], merchants: object[] = [merchant]): Sent[] {
  return serve((sent) => {
    if (sent.method !== "GET") return change(sent);
    return { items: sent.url.startsWith("/merchants") ? merchants : keys, nextCursor: null };
  });
}

const MERCHANT = "/console/keys?merchantId=M1";
const click = (name: string | RegExp) => { fireEvent.click(screen.getByRole("button", { name })); };
const type = (label: string, text: string) => { fireEvent.change(screen.getByLabelText(label), { target: { value: text } }); };
const changes = (sent: Sent[]) => sent.filter(({ method }) => method !== "GET");

async function open(address = MERCHANT, scopes?: readonly Scope[]) {
  const shown = show(<KeysPage />, address, scopes);
  await screen.findByText("checkout");
  return shown;
}

it("shows a key without its secret, and how it is used", async () => {
  server();
  await open();
  const facts = screen.getByRole("list", { name: "Keys of M1" }).textContent;
  for (const part of ["Abc123Def4", "…wxyz", "payments:write, payments:read", "anywhere", "no end", "never", "1,234"]) expect(facts).toContain(part);
});

it("offers changes only to keys that administer", async () => {
  server();
  await open(MERCHANT, ["read", "operate"]);
  for (const name of ["New key …", "Suspend …", "Change the connector …", /^Rotate/, /^Revoke/]) expect(screen.queryByRole("button", { name })).toBeNull();
});

it("makes a key with the chosen scopes, and shows it once", async () => {
  const sent = server();
  const { client } = await open();
  click("New key …");
  type("Name", " checkout 2 ");
  fireEvent.click(screen.getByLabelText(/^refunds:write/));
  type("Only from these networks (optional)", "10.0.0.0/8, 192.0.2.7");
  type("Ends", "30");
  click("Create key");
  expect((await screen.findByTestId("new-key")).textContent).toBe(TEXT);
  expect(changes(sent)[0]?.body).toEqual({
    name: "checkout 2", merchantId: "M1", scopes: ["payments:write", "payments:read"], allowedNetworks: ["10.0.0.0/8", "192.0.2.7"], expiresInSeconds: 2_592_000,
  });
  const secret = TEXT.slice(-38);
  const remembered = [client.getQueryCache().getAll().map(({ state }) => state), client.getMutationCache().getAll().map(({ state }) => state), Object.entries(localStorage), Object.entries(sessionStorage)];
  expect(JSON.stringify(remembered)).not.toContain(secret);
  expect(screen.getByLabelText("address").textContent).toBe(MERCHANT);
  expect(fireEvent(screen.getByRole("dialog"), new Event("cancel", { cancelable: true }))).toBe(false); // Escape is refused
  click("Done, I have it");
  expect(document.body.textContent).not.toContain(secret);
});

it("never asks for no scope, which the API takes for all", async () => {
  const sent = server();
  await open();
  click("New key …");
  type("Name", "x");
  for (const scope of [/^payments:write/, /^refunds:write/, /^payments:read/]) fireEvent.click(screen.getByLabelText(scope));
  expect(screen.getByRole("alert").textContent).toBe("Choose at least one.");
  const create = screen.getByRole<HTMLButtonElement>("button", { name: "Create key" });
  expect(create.disabled).toBe(true);
  fireEvent.submit(create.form as HTMLFormElement);
  expect(changes(sent)).toEqual([]);
});

it("makes an operator's key that ends, and reads only, unless told otherwise", async () => {
  const sent = server();
  await open("/console/keys?of=operators");
  expect(sent[0]?.url).toBe("/api-keys?kind=OPERATOR&limit=20");
  click("New key …");
  type("Name", "lee");
  click("Create key");
  await screen.findByTestId("new-key");
  expect(changes(sent)[0]?.body).toEqual({ name: "lee", scopes: ["read"], allowedNetworks: [], expiresInSeconds: 7_776_000 });
});

it("says that a key may have been made when there was no answer", async () => {
  server(() => new TypeError("gone"));
  await open();
  click("New key …");
  type("Name", "x");
  click("Create key");
  expect(await screen.findByText(/^There was no answer: it is not known whether the key was made/)).toBeTruthy();
  expect(screen.getByRole("dialog")).toBeTruthy();
});

it("rotates with an overlap of a day, and shows the successor once", async () => {
  const sent = server();
  await open();
  click("Rotate … checkout Abc123Def4");
  click("Rotate");
  await screen.findByTestId("new-key");
  expect(changes(sent)[0]).toMatchObject({ url: "/api-keys/Abc123Def4/rotate", body: { overlapSeconds: 86_400 } });
});

it("revokes with a reason, and says when it is refused", async () => {
  let answer: () => unknown = () => refusal(404, "NOT_FOUND");
  const sent = server(() => answer());
  await open();
  click("Revoke … checkout Abc123Def4");
  click("Revoke");
  expect(changes(sent)).toEqual([]); // without a reason
  type("Reason", " leaked ");
  click("Revoke");
  expect((await screen.findByRole("alert")).textContent).toContain("NOT_FOUND");
  answer = () => ({ ...key, state: "REVOKED" });
  click("Revoke");
  expect(await screen.findByText("Key Abc123Def4 is revoked.")).toBeTruthy();
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(changes(sent)[1]).toMatchObject({ url: "/api-keys/Abc123Def4/revoke", body: { reason: "leaked" } });
});

it("offers no end of what has ended, no second successor, and warns of the own key", async () => {
  server(undefined, [{ ...key, state: "REVOKED", revokedAt: at }, { ...key, keyId: "Old0000000", successorId: "New0000000" }, { ...key, keyId: "Own0000000", name: "kim" }]);
  show(<KeysPage />, MERCHANT);
  await screen.findByText("kim");
  const named = (name: RegExp) => screen.queryAllByRole("button", { name }).map((button) => button.getAttribute("aria-label"));
  expect(named(/^Rotate/)).toEqual(["Rotate … kim Own0000000"]);
  expect(named(/^Revoke/)).toEqual(["Revoke … checkout Old0000000", "Revoke … kim Own0000000"]);
  expect(screen.getByRole("link", { name: "Replaced by New0000000" }).getAttribute("href")).toBe("/console/keys?q=New0000000");
  click("Revoke … kim Own0000000");
  expect(within(screen.getByRole("dialog")).getByText("This is the key that you are using.")).toBeTruthy();
});

it("suspends a merchant with a reason", async () => {
  const sent = server(() => ({ ...merchant, state: "SUSPENDED" }));
  await open();
  click("Suspend …");
  type("Reason", "fraud");
  click("Suspend");
  expect(await screen.findByText("Merchant M1 is suspended.")).toBeTruthy();
  expect(changes(sent)[0]).toMatchObject({ method: "PATCH", url: "/merchants/M1", body: { state: "SUSPENDED", reason: "fraud" } });
});

it("changes a merchant's connector with a reason", async () => {
  const sent = server(() => ({ ...merchant, connector: "simulator" }));
  await open();
  click("Change the connector …");
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Change" }).disabled).toBe(true); // it is the same
  expect(screen.getByText("Nothing is changed yet.")).not.toBeNull();
  type("Connector", "simulator");
  expect(screen.queryByText("Nothing is changed yet.")).toBeNull();
  type("Reason", "it has a contract now");
  click("Change");
  expect(await screen.findByText("Merchant M1: Simulator")).not.toBeNull();
  expect(changes(sent)[0]).toMatchObject({ method: "PATCH", url: "/merchants/M1", body: { connector: "simulator", reason: "it has a contract now" } });
});

it("finds a merchant or a key by its id, and never puts a whole key into the address", async () => {
  server(undefined, [key], []);
  show(<KeysPage />, "/console/keys");
  await screen.findByText("There is no merchant yet.");
  type("Merchant or key", `po_test_00Abc123Def4_${"s".repeat(38)}`);
  click("Show");
  expect(await screen.findByRole("list", { name: "Key Abc123Def4" })).toBeTruthy();
  expect(screen.getByLabelText("address").textContent).toBe("/console/keys?q=Abc123Def4");
  cleanup();
  server(undefined, [], [merchant]);
  show(<KeysPage />, "/console/keys?q=M1");
  await waitFor(() => { expect(screen.getByLabelText("address").textContent).toBe(MERCHANT); });
  cleanup();
  server(undefined, [], []);
  show(<KeysPage />, "/console/keys?q=Abc123Def4");
  expect(await screen.findByText("There is no merchant and no key with the id Abc123Def4.")).toBeTruthy();
});

it("changes where a merchant is paid, and nothing that is the same", async () => {
  const sent = server(() => ({ ...merchant, iban: "DE89370400440532013000" }));
  await open();
  expect(screen.getByText("Days of UTC")).not.toBeNull();
  click("Payout details …");
  const change = within(screen.getByRole("dialog")).getByRole<HTMLButtonElement>("button", { name: "Change" });
  expect(change.disabled).toBe(true);
  type("IBAN", "de89 3704 0044 0532 0130 00");
  type("Reason", "its letter");
  fireEvent.click(change);
  expect(await screen.findByText("Payout details of M1 are changed.")).not.toBeNull();
  expect(changes(sent)[0]).toMatchObject({ method: "PATCH", url: "/merchants/M1" });
  expect(changes(sent)[0]?.body).toEqual({ iban: "DE89370400440532013000", reason: "its letter" });
});

it("does not remove an IBAN that another operator added while the dialog was open", async () => {
  const merchants: object[] = [merchant];
  const sent = server(() => merchant, [key], merchants);
  const { client } = await open();
  click("Payout details …");
  merchants[0] = { ...merchant, iban: "DE89370400440532013000" };
  await client.invalidateQueries();
  await screen.findByText("IBAN DE89370400440532013000");
  type("Time zone", "Asia/Seoul");
  type("Reason", "it moved");
  click("Change");
  await waitFor(() => { expect(changes(sent)[0]?.body).toEqual({ timeZone: "Asia/Seoul", reason: "it moved" }); });
});
