// @vitest-environment jsdom
import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { MemoryRouter, Route, Routes } from "react-router";
import { afterEach, expect, it, vi } from "vitest";
import { call } from "../../api/client";
import { LanguageProvider } from "../../i18n/language";
import { ConsolePage } from "./console-page";
import { useOperator, WithOperator } from "./operator";
import { refusal, serve } from "./testing";

const KEY = `po_oper_00Abc123Def4_${"x".repeat(38)}`;
const kim = { kind: "OPERATOR", keyId: "Abc123Def4", name: "kim", merchantId: null, mode: null, scopes: ["operate", "read"], expiresAt: null };

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function Page() {
  const { token, caller } = useOperator();
  const query = useQuery({ queryKey: ["page"], queryFn: async () => (await call("get", "/operations", { token })).data });
  return <p>{caller.name} {query.isSuccess ? "reads" : "waits"} <button type="button" onClick={() => { void query.refetch(); }}>again</button></p>;
}

function inside(children: React.ReactNode, address = "/console") {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={client}>
      <LanguageProvider><MemoryRouter initialEntries={[address]}>{children}</MemoryRouter></LanguageProvider>
    </QueryClientProvider>,
  );
  return client;
}

const field = () => screen.findByLabelText("Operator's key");

async function enter(text: string): Promise<void> {
  fireEvent.change(await field(), { target: { value: text } });
  fireEvent.click(screen.getByRole("button", { name: "Open the console" }));
}

/** Answers of the server; `current` is what it says of the key, `page` what a page gets. */
function server(current: unknown, page: () => unknown = () => ({}), auth = "required") {
  return serve(({ url }) => {
    if (url === "/health") return { status: "UP", auth, components: {} };
    return url === "/api-keys/current" ? current : page();
  });
}

it("lets an operator's key in, with spaces that were pasted around it", async () => {
  const sent = server(kim);
  inside(<WithOperator><Page /></WithOperator>);
  await enter(` ${KEY}\n`);
  await screen.findByText(/kim reads/);
  expect(sent.map(({ url }) => url).join()).not.toContain("po_");
});

it("keeps a merchant's key out, and says whose it is", async () => {
  server({ ...kim, kind: "MERCHANT", merchantId: "M123", mode: "TEST" });
  inside(<WithOperator><Page /></WithOperator>);
  await enter(KEY);
  expect((await screen.findByRole("alert")).textContent).toBe("This is a key of merchant M123. The console needs an operator's key.");
  expect(screen.queryByText(/kim/)).toBeNull();
});

it("sends nothing that no header can hold", async () => {
  const sent = server(kim);
  inside(<WithOperator><Page /></WithOperator>);
  await enter("ㅔㅐ_ㅐㅔㄷㄱ");
  expect((await screen.findByRole("alert")).textContent).toContain("This is neither an operator's key nor the admin token.");
  expect(sent.map(({ url }) => url)).toEqual(["/health"]);
});

it("says how to get a key, by what the server requires", async () => {
  server(kim, undefined, "open");
  inside(<WithOperator><Page /></WithOperator>);
  expect(await screen.findByText((_, element) => element?.textContent.startsWith("Or the admin token, which make run prints") === true, { selector: "form span" })).toBeTruthy();
  cleanup();
  server(kim);
  inside(<WithOperator><Page /></WithOperator>);
  expect(await screen.findByText(/^payops keys create --operator/, { selector: "code" })).toBeTruthy();
});

it.each([
  [401, "API_KEY_INVALID", "This API key is not valid; it may have been revoked."],
  [401, "API_KEY_EXPIRED", "This API key has expired."],
  [403, "NETWORK_NOT_ALLOWED", "This API key may not be used from your network."],
  [401, "UNAUTHORIZED", "This is neither an operator's key nor the admin token."],
])("asks again after %i %s, says why, and forgets what was read", async (status, code, why) => {
  let ended = false;
  server(kim, () => (ended ? refusal(status, code) : {}));
  const client = inside(<WithOperator><Page /></WithOperator>);
  await enter(KEY);
  await screen.findByText(/kim reads/);
  ended = true;
  fireEvent.click(screen.getByRole("button", { name: "again" }));
  expect((await screen.findByText(/^You have to enter a key again/)).textContent).toContain(why);
  expect((await field() as HTMLInputElement).value).toBe("");
  expect(client.getQueryData(["page"])).toBeUndefined();
});

it.each([[403, "INSUFFICIENT_SCOPE"], [404, "NOT_FOUND"], [429, "RATE_LIMIT_EXCEEDED"], [503, "SERVICE_UNAVAILABLE"]])("stays after %i %s", async (status, code) => {
  let refused = false;
  server(kim, () => (refused ? refusal(status, code) : {}));
  const client = inside(<WithOperator><Page /></WithOperator>);
  await enter(KEY);
  await screen.findByText(/kim reads/);
  refused = true;
  fireEvent.click(screen.getByRole("button", { name: "again" }));
  await vi.waitFor(() => { expect(client.getQueryState(["page"])?.error).not.toBeNull(); });
  expect(screen.getByText(/kim/)).toBeTruthy();
});

function open(scopes: string[], address: string): void {
  server({ ...kim, scopes }, () => refusal(503, "SERVICE_UNAVAILABLE"));
  inside(<Routes><Route path="/console" element={<ConsolePage />}><Route path=":section" element={null} /></Route></Routes>, address);
}

const pages = () => screen.getAllByRole("navigation", { name: "Console pages" }).flatMap((one) => [...one.querySelectorAll("a")].map((link) => link.textContent));

it("shows who works here, and only pages that the key opens", async () => {
  open(["read", "operate"], "/console/ledger");
  await enter(KEY);
  expect((await screen.findByRole("group", { name: "Who is asking" })).textContent).toBe("kim · read, operate");
  expect(pages()).toContain("Ledger");
  cleanup();
  open(["administer"], "/console/ledger");
  await enter(KEY);
  expect(await screen.findByRole("heading", { name: "Your key does not open this page" })).toBeTruthy();
  expect(screen.getByText("It needs the scope read.")).toBeTruthy();
  expect(pages()).toEqual(["Merchants and keys"]);
  expect(screen.queryByRole("search")).toBeNull();
});

it("opens the first page that the key opens", async () => {
  open(["administer"], "/console");
  await enter(KEY);
  expect(await screen.findByRole("heading", { name: "Merchants and keys", level: 1 })).toBeTruthy();
});
