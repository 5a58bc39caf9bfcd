/** Requests of the console; all but the breaker's state need an operator's key. */
import { queryOptions, skipToken } from "@tanstack/react-query";
import { call, type Schema } from "./client";
import type { paths } from "./schema";

export type Breaker = Schema["Breaker"];
export type BreakerState = Breaker["state"];
export type DeadLetter = Schema["DeadLetter"];
export type DeadLetterSummary = Schema["DeadLetterSummary"];
export type DeadLetterState = DeadLetter["state"];
type DeadLetterParameters = NonNullable<paths["/dead-letters"]["get"]["parameters"]["query"]>;
export type Topic = NonNullable<DeadLetterParameters["topic"]>;
export type ErrorType = NonNullable<DeadLetterParameters["errorType"]>;
export type ParkedEvent = Schema["ParkedEvent"];
export type Finding = Schema["AuditFinding"];
export type FindingKind = Finding["kind"];
export type FindingState = NonNullable<NonNullable<paths["/audit/findings"]["get"]["parameters"]["query"]>["state"]>;
export type Operations = Schema["Operations"];
export type RateLimit = Schema["RateLimit"];

const PAGE = 20;
const SAMPLES_KEPT = 150; // five minutes at one answer every two seconds

/** The last answers to `operationsQuery`, the newest last; makes no request. */
export function samplesQuery() {
  return queryOptions<readonly Operations[]>({ queryKey: ["operation-samples"], queryFn: skipToken, staleTime: Infinity });
}

export function operationsQuery(token: string, merchantId: string) {
  return queryOptions({
    queryKey: ["operations", merchantId],
    queryFn: async ({ signal, client }) => {
      const query = merchantId === "" ? {} : { merchantId };
      const { data } = await call("get", "/operations", { query, token, signal });
      client.setQueryData(samplesQuery().queryKey, (former: readonly Operations[] = []) => [...former, data].slice(-SAMPLES_KEPT));
      return data;
    },
    refetchInterval: 2000,
  });
}

/** With an operator's key the history has operators and their reasons. */
export function breakerQuery(token: string) {
  return queryOptions({
    queryKey: ["breaker"],
    queryFn: async ({ signal }) => (await call("get", "/circuit-breaker/kafka-publisher", { token, signal })).data,
    refetchInterval: 1000,
  });
}

export function trialBalanceQuery(token: string) {
  return queryOptions({
    queryKey: ["trial-balance"],
    queryFn: async ({ signal }) => (await call("get", "/ledger/trial-balance", { token, signal })).data,
    refetchInterval: 15_000,
  });
}

/** Filters of a list, named as the API's parameters; "" for those that are not set. */
export interface DeadLetterFilter {
  state: DeadLetterState | "";
  topic: Topic | "";
  errorType: ErrorType | "";
}

export interface FindingFilter {
  state: FindingState | "";
  kind: FindingKind | "";
  paymentId: number | "";
}

type Set<Filter> = { [Name in keyof Filter]?: Exclude<Filter[Name], ""> };

/** Parameters of a page: those of a filter that are set. */
function page<Filter extends object>(filter: Filter, cursor: string | null): Set<Filter> & { limit: number; cursor?: string } {
  const chosen = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== "")) as Set<Filter>;
  return { ...chosen, limit: PAGE, ...(cursor === null ? {} : { cursor }) };
}

export function deadLettersQuery(token: string, filter: DeadLetterFilter, cursor: string | null) {
  return queryOptions({
    queryKey: ["dead-letters", filter, cursor],
    queryFn: async ({ signal }) => (await call("get", "/dead-letters", { query: page(filter, cursor), token, signal })).data,
    refetchInterval: 2000,
  });
}

export function deadLetterQuery(token: string, id: number) {
  return queryOptions({
    queryKey: ["dead-letters", "one", id],
    queryFn: async ({ signal }) => (await call("get", "/dead-letters/{letter_id}", { path: { letter_id: id }, token, signal })).data,
    refetchInterval: 2000,
  });
}

export function parkedQuery(token: string, cursor: string | null) {
  return queryOptions({
    queryKey: ["parked", cursor],
    queryFn: async ({ signal }) => (await call("get", "/outbox/parked", { query: page({}, cursor), token, signal })).data,
    refetchInterval: 2000,
  });
}

export function findingsQuery(token: string, filter: FindingFilter, cursor: string | null) {
  return queryOptions({
    queryKey: ["findings", filter, cursor],
    queryFn: async ({ signal }) => (await call("get", "/audit/findings", { query: page(filter, cursor), token, signal })).data,
    refetchInterval: 4000,
  });
}

export function replayDeadLetter(token: string, id: number) {
  return call("post", "/dead-letters/{letter_id}/replay", { path: { letter_id: id }, token });
}

export function discardDeadLetter(token: string, id: number, reason: string) {
  return call("post", "/dead-letters/{letter_id}/discard", { path: { letter_id: id }, body: { reason }, token });
}

export function releaseParked(token: string, id: number) {
  return call("post", "/outbox/parked/{event_id}/release", { path: { event_id: id }, token });
}

export function discardParked(token: string, id: number, reason: string) {
  return call("post", "/outbox/parked/{event_id}/discard", { path: { event_id: id }, body: { reason }, token });
}

export function moveBreaker(token: string, to: BreakerState, reason: string) {
  const body = reason === "" ? { to } : { to, reason };
  return call("post", "/circuit-breaker/kafka-publisher/transition", { body, token });
}
