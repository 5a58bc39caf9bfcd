/** For tests of the console: a page with everything that stands around it, and a server of fixed answers. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { MemoryRouter, useLocation } from "react-router";
import { vi } from "vitest";
import { LanguageProvider } from "../../i18n/language";
import type { Caller, Scope } from "../../api/keys";
import { OperatorContext, type Operator } from "./operator";

export interface Sent {
  method: string;
  url: string;
  body: Record<string, unknown>;
}

/** Answers every request by `answer`: a body, or a Response for a refusal; an Error is a lost connection. */
export function serve(answer: (sent: Sent) => unknown): Sent[] {
  const all: Sent[] = [];
  vi.stubGlobal("fetch", (url: string, options: RequestInit) => {
    const sent = { method: options.method ?? "GET", url, body: bodyOf(options.body) };
    all.push(sent);
    const given = answer(sent);
    if (given instanceof Error) return Promise.reject(given);
    return Promise.resolve(given instanceof Response ? given : new Response(JSON.stringify(given)));
  });
  return all;
}

export function refusal(status: number, code: string): Response {
  return new Response(JSON.stringify({ code, message: code, errors: [] }), { status });
}

/** What was sent as JSON; a file's is not read. */
function bodyOf(body: unknown): Record<string, unknown> {
  return typeof body === "string" ? (JSON.parse(body) as Record<string, unknown>) : {};
}

function Address() {
  const { pathname, search } = useLocation();
  return <output aria-label="address">{pathname + search}</output>;
}

const ALL: readonly Scope[] = ["read", "operate", "administer"];

/** What an operator's key with these scopes is to the console; its text is "token". */
export function operatorWith(scopes: readonly Scope[]): Operator {
  const caller: Caller = { kind: "OPERATOR", keyId: "Own0000000", name: "kim", merchantId: null, mode: null, scopes: [...scopes], expiresAt: null };
  return { token: "token", caller, may: (scope: Scope) => scopes.includes(scope), leave: () => undefined };
}

/** Renders for an operator at `address`; the element labelled "address" holds the present one. */
export function show(children: ReactNode, address = "/console", scopes: readonly Scope[] = ALL) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false }, mutations: { retry: false } } });
  const shown = render(
    <QueryClientProvider client={client}>
      <LanguageProvider>
        <MemoryRouter initialEntries={[address]}>
          <OperatorContext value={operatorWith(scopes)}>{children}</OperatorContext>
          <Address />
        </MemoryRouter>
      </LanguageProvider>
    </QueryClientProvider>,
  );
  return { ...shown, client };
}
