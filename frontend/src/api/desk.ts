/** Requests of the operators' desk: search, one payment, health. All but health need the admin token. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, type Reply, type Schema } from "./client";
import type { Command, Entry, PaymentEvent, PaymentItem } from "./payments";
import type { paths } from "./schema";

export type Health = Schema["Health"];
export type HealthStatus = Health["status"];

/** `GET /operations`, with the fields of the desk. */
export type DeskOperations = Schema["Operations"] & {
  auditFindingsOpen: number;
  environment: string;
  breakerState: Schema["Breaker"]["state"];
};

export type FoundPayment = PaymentItem & { idempotencyKey: string };

export interface Found {
  items: FoundPayment[];
  nextCursor: string | null;
  /** The search stopped at this time because it had looked at enough payments; it goes on with nextCursor. */
  searchedTo: string | null;
}

/** Filters of the search, named as the API's parameters; absent: not filtered by. */
export interface Filters {
  q?: string;
  paymentId?: string;
  eventId?: string;
  idempotencyKey?: string;
  merchantId?: string;
  status?: string;
  currency?: string;
  /** Minor units, as digits. */
  amount?: string;
  amountFrom?: string;
  amountTo?: string;
  /** UTC. `from` is included, `to` is not. */
  from?: string;
  to?: string;
  requestId?: string;
  traceId?: string;
}

export type DeskEvent = PaymentEvent & { traceId: string | null; requestId: string | null };

export interface StoredAnswer {
  operation: string;
  idempotencyKey: string;
  httpStatus: number;
  createdAt: string;
  body: string;
}

export interface OperatorAction {
  id: number;
  at: string;
  actor: string;
  action: string;
  target: string;
  detail: string | null;
}

export type DeskPayment = FoundPayment & {
  updatedAt: string;
  releaseReason: "VOIDED" | "EXPIRED" | null;
  ledgerEntries: Entry[];
  events: DeskEvent[];
  answers: StoredAnswer[];
  deadLetters: Schema["DeadLetterSummary"][];
  findings: Schema["AuditFinding"][];
  actions: OperatorAction[];
  /** The largest amount that is possible now; 0: not possible. */
  possible: Record<ChangeName, number>;
};

export type ChangeName = "capture" | "refund" | "void";

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

interface Sent {
  path?: object;
  query?: object;
  body?: object;
  token: string;
  signal?: AbortSignal;
}

/** `call` for paths that schema.ts does not have yet. */
function get<T>(path: string, sent: Sent): Promise<Reply<T>> {
  return call("get", path as keyof paths, sent as object);
}

function post<T>(path: string, sent: Sent): Promise<Reply<T>> {
  return call("post", path as keyof paths, sent as object);
}

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
      const query = { ...filters, limit: PAGE, ...(cursor === null ? {} : { cursor }) };
      return (await get<Found>("/operations/payments", { query, token, signal })).data;
    },
    placeholderData: keepPreviousData,
    // A search that stopped early looked at many payments: it is not repeated by itself.
    refetchInterval: (query) => (query.state.data?.searchedTo == null ? SEARCHED_EVERY_MS : false),
  });
}

export function isOnItsWay(payment: DeskPayment): boolean {
  return payment.events.some((event) => event.postedAt === null);
}

/** One payment, polled often until all of its events are in the ledger. */
export function deskPaymentQuery(token: string, paymentId: string) {
  return queryOptions({
    queryKey: ["desk-payment", paymentId],
    queryFn: async ({ signal }) =>
      (await get<DeskPayment>("/operations/payments/{paymentId}", { path: { paymentId }, token, signal })).data,
    refetchInterval: (query) =>
      query.state.data !== undefined && isOnItsWay(query.state.data) ? FOLLOWED_EVERY_MS : SETTLED_EVERY_MS,
  });
}

export function sendChange(token: string, change: Change, idempotencyKey: string): Promise<Reply<Command>> {
  const { operation, paymentId, amount, reason } = change;
  const body = { reason, idempotencyKey, ...(operation === "void" ? {} : { amount }) };
  return post<Command>(`/operations/payments/{paymentId}/${operation}`, { path: { paymentId }, body, token });
}

export interface OverviewPoint {
  at: string;
  succeededPerMinute: number | null;
  declinedPerMinute: number | null;
  failedPerMinute: number | null;
  /** null: nothing happened, or it was not measured. Rates from 0 to 1. */
  p95Seconds: number | null;
  declineRate: number | null;
  errorRate: number | null;
  ledgerLagSeconds: number | null;
  outboxPending: number | null;
}

export interface RecentChange {
  at: string;
  kind: "BREAKER" | "OPERATOR" | "DEPLOY";
  actor: string;
  text: string;
}

/** The last hour, of this api instance; `since` null: nothing measured yet. */
export interface Overview {
  since: string | null;
  intervalSeconds: number;
  points: OverviewPoint[];
  changes: RecentChange[];
}

export function overviewQuery(token: string) {
  return queryOptions({
    queryKey: ["overview"],
    queryFn: async ({ signal }) => (await get<Overview>("/operations/overview", { token, signal })).data,
    refetchInterval: 15_000,
  });
}

/** Balances of one merchant, or of all (""), of the postings until `asOf` (UTC), or of all (""). */
export function balancesQuery(token: string, merchantId: string, asOf: string) {
  return queryOptions({
    queryKey: ["balances", merchantId, asOf],
    queryFn: async ({ signal }) => (await get<Schema["Balances"]>("/ledger/balances", { query: { merchantId, asOf }, token, signal })).data,
    refetchInterval: asOf === "" ? 4000 : false,
  });
}

export type LedgerEntry = Entry & { paymentId: number };

export interface LedgerFilter {
  paymentId: number | null;
  eventId: number | null;
}

/** As query parameters, newest first. */
export function entriesParameters({ paymentId, eventId }: LedgerFilter) {
  return { order: "newest", paymentId: paymentId ?? "", eventId: eventId ?? "" };
}

export function entriesQuery(token: string, filter: LedgerFilter, cursor: string | null) {
  return queryOptions({
    queryKey: ["entries", filter, cursor],
    queryFn: async ({ signal }) => {
      const query = { ...entriesParameters(filter), limit: PAGE, cursor: cursor ?? "" };
      return (await get<{ items: LedgerEntry[]; nextCursor: string | null }>("/ledger/entries", { query, token, signal })).data;
    },
    refetchInterval: 4000,
  });
}

export interface AuditRun {
  id: number;
  at: string;
  full: boolean;
  differences: number;
  inFlight: number;
}

export interface AuditRuns {
  items: AuditRun[];
  /** An audit that an operator asked for and that is not done yet. */
  requested: { at: string; actor: string } | null;
}

/** The runs, newest first; polled often while one is asked for. */
export function auditRunsQuery(token: string) {
  return queryOptions({
    queryKey: ["audit-runs"],
    queryFn: async ({ signal }) => (await get<AuditRuns>("/audit/runs", { token, signal })).data,
    refetchInterval: (query) => (query.state.data?.requested == null ? 5000 : 1000),
  });
}

export async function requestAudit(token: string): Promise<AuditRuns> {
  return (await post<AuditRuns>("/audit/runs", { token })).data;
}
