/** For tests of the shop: a page with everything that stands around it, and a server of fixed answers. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { MemoryRouter } from "react-router";
import { vi } from "vitest";
import type { Payment } from "../../api/payments";
import { LanguageProvider } from "../../i18n/language";

export const ACQUIRER = { connector: "simulator", tokensUrl: "http://acquirer.test/v1/tokens", publishableKey: "pk_of_browsers" };
export const NO_ACQUIRER = { connector: "none", tokensUrl: null, publishableKey: null };

export interface Sent {
  path: string;
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

/** Answers each request by `answer`: [status, body]; an Error is a lost connection. */
export function serve(answer: (sent: Sent) => readonly [number, unknown] | Error): Sent[] {
  const all: Sent[] = [];
  vi.stubGlobal("fetch", (path: string, options: RequestInit) => {
    const body = JSON.parse((options.body as string | undefined) ?? "{}") as Record<string, unknown>;
    const sent = { path, headers: options.headers as Record<string, string>, body };
    all.push(sent);
    const given = answer(sent);
    return given instanceof Error ? Promise.reject(given) : Promise.resolve(new Response(JSON.stringify(given[1]), { status: given[0] }));
  });
  return all;
}

export function problem(code: string, more: object = {}) {
  return { code, message: code, errors: [], ...more };
}

export function Around({ children }: { children: ReactNode }) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false }, mutations: { retry: false } } });
  return (
    <QueryClientProvider client={client}>
      <LanguageProvider>
        <MemoryRouter>{children}</MemoryRouter>
      </LanguageProvider>
    </QueryClientProvider>
  );
}

export function show(children: ReactNode) {
  return render(children, { wrapper: Around });
}

const AT = "2026-05-17T12:00:00.000000Z";

/** A payment of 5,000 won whose authorization is in this state at the acquirer. */
export function paymentWith(state: Payment["operations"][number]["state"], more: Partial<Payment> = {}): Payment {
  const status = { PROCESSING: "PROCESSING", APPROVED: "AUTHORIZED", DECLINED: "DECLINED", FAILED: "DECLINED" } as const;
  return {
    paymentId: 42,
    merchantId: "STORE",
    status: status[state],
    amount: 5000,
    capturedAmount: 0,
    releasedAmount: 0,
    refundedAmount: 0,
    currency: "KRW",
    createdAt: AT,
    expiresAt: AT,
    ledgerEntries: [],
    events: [],
    operations: [{ operationId: 7, kind: "authorization", amount: 5000, state, declineCode: null, reference: "00-42-authorization-1", createdAt: AT }],
    ...more,
  };
}
