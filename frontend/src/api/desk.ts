/** Requests of the operators' desk: search, one payment, health. All but health need an operator's key. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, type Reply, type Schema } from "./client";
import { isProcessing, type Command } from "./payments";
import type { paths } from "./schema";

export type Health = Schema["Health"];
export type HealthStatus = Health["status"];

export type Found = Schema["FoundPaymentPage"];
export type FoundPayment = Schema["FoundPayment"];
export type DeskPayment = Schema["OperatorPayment"];
export type DeskEvent = Schema["TracedEvent"];
export type StoredAnswer = Schema["GivenAnswer"];
export type OperatorAction = Schema["OperatorAction"];

type SearchParameters = NonNullable<paths["/operations/payments"]["get"]["parameters"]["query"]>;

/** The search's filters as text, as the address has them; the API checks them. */
export type Filters = { [Name in Exclude<keyof SearchParameters, "limit" | "cursor">]?: string };

export type ChangeName = keyof DeskPayment["possible"];

/** A capture, refund or void by an operator. A void is always of all that is open: its amount is only shown. */
export interface Change {
  operation: ChangeName;
  paymentId: number;
  amount: number;
  reason: string;
}

const PAGE = 20;
const HEALTH_EVERY_MS = 5000;
const SEARCHED_EVERY_MS = 10_000;
const FOLLOWED_EVERY_MS = 1000;
const SETTLED_EVERY_MS = 5000;
const OVERVIEW_EVERY_MS = 15_000;

/** Each component. DOWN comes with 503, and is an answer too. */
export function healthQuery() {
  return queryOptions({
    queryKey: ["health"],
    queryFn: async ({ signal }) => (await call("get", "/health", { answers: [503], signal })).data,
    refetchInterval: HEALTH_EVERY_MS,
  });
}

export function searchQuery(token: string, filters: Filters, cursor: string | null) {
  return queryOptions({
    queryKey: ["search", filters, cursor],
    queryFn: async ({ signal }) => {
      const query = { ...(filters as object as SearchParameters), limit: PAGE, ...(cursor === null ? {} : { cursor }) };
      return (await call("get", "/operations/payments", { query, token, signal })).data;
    },
    placeholderData: keepPreviousData,
    // A search that stopped early looked at many payments: it is not repeated by itself.
    refetchInterval: (query) => (query.state.data?.searchedTo == null ? SEARCHED_EVERY_MS : false),
  });
}

export function isOnItsWay(payment: DeskPayment): boolean {
  return isProcessing(payment) || payment.events.some((event) => event.postedAt === null);
}

/** One payment, polled often until the acquirer has decided and all of its events are in the ledger. */
export function deskPaymentQuery(token: string, paymentId: number) {
  return queryOptions({
    queryKey: ["desk-payment", paymentId],
    queryFn: async ({ signal }) =>
      (await call("get", "/operations/payments/{payment_id}", { path: { payment_id: paymentId }, token, signal })).data,
    refetchInterval: (query) =>
      query.state.data !== undefined && isOnItsWay(query.state.data) ? FOLLOWED_EVERY_MS : SETTLED_EVERY_MS,
  });
}

export function sendChange(token: string, { operation, paymentId, amount, reason }: Change, idempotencyKey: string): Promise<Reply<Command>> {
  const path = { payment_id: paymentId };
  const body = { reason, idempotencyKey };
  switch (operation) {
    case "capture":
      return call("post", "/operations/payments/{payment_id}/capture", { path, body: { ...body, amount }, token });
    case "refund":
      return call("post", "/operations/payments/{payment_id}/refund", { path, body: { ...body, amount }, token });
    case "void":
      return call("post", "/operations/payments/{payment_id}/void", { path, body, token });
  }
}

export type Overview = Schema["Overview"];
export type OverviewPoint = Schema["Point"];
export type RecentChange = Schema["Change"];
export type LedgerEntry = Schema["EntryPage"]["items"][number];
export type AuditRuns = Schema["AuditRuns"];
export type AuditRun = Schema["AuditRun"];

/** The last hour, of the api instance that answers. */
export function overviewQuery(token: string) {
  return queryOptions({
    queryKey: ["overview"],
    queryFn: async ({ signal }) => (await call("get", "/operations/overview", { token, signal })).data,
    refetchInterval: OVERVIEW_EVERY_MS,
  });
}

/** Balances of one merchant, or of all (""), of the postings until `asOf` (UTC), or of all (""). */
export function balancesQuery(token: string, merchantId: string, asOf: string) {
  return queryOptions({
    queryKey: ["balances", merchantId, asOf],
    queryFn: async ({ signal }) => (await call("get", "/ledger/balances", { query: { merchantId, asOf }, token, signal })).data,
    refetchInterval: asOf === "" ? SETTLED_EVERY_MS : false,
  });
}

export interface LedgerFilter {
  paymentId: number | null;
  eventId: number | null;
}

/** As query parameters, newest first. */
export function entriesParameters({ paymentId, eventId }: LedgerFilter) {
  return { order: "newest" as const, ...(paymentId === null ? {} : { paymentId }), ...(eventId === null ? {} : { eventId }) };
}

export function entriesQuery(token: string, filter: LedgerFilter, cursor: string | null) {
  return queryOptions({
    queryKey: ["entries", filter, cursor],
    queryFn: async ({ signal }) => {
      const query = { ...entriesParameters(filter), limit: PAGE, ...(cursor === null ? {} : { cursor }) };
      return (await call("get", "/ledger/entries", { query, token, signal })).data;
    },
    refetchInterval: SETTLED_EVERY_MS,
  });
}

/** The runs, newest first; polled often while one is asked for. */
export function auditRunsQuery(token: string) {
  return queryOptions({
    queryKey: ["audit-runs"],
    queryFn: async ({ signal }) => (await call("get", "/audit/runs", { token, signal })).data,
    refetchInterval: (query) => (query.state.data?.requested == null ? SETTLED_EVERY_MS : FOLLOWED_EVERY_MS),
  });
}

export async function requestAudit(token: string): Promise<AuditRuns> {
  return (await call("post", "/audit/runs", { token })).data;
}

export function actionsQuery(token: string, cursor: string | null) {
  return queryOptions({
    queryKey: ["actions", cursor],
    queryFn: async ({ signal }) => {
      const query = { limit: PAGE, ...(cursor === null ? {} : { cursor }) };
      return (await call("get", "/operator-actions", { query, token, signal })).data;
    },
    placeholderData: keepPreviousData,
    refetchInterval: SEARCHED_EVERY_MS,
  });
}
