/** Requests of the console; all but the breaker's state need the admin token. */
import { queryOptions, skipToken } from "@tanstack/react-query";
import { call, type Schema } from "./client";
import type { paths } from "./schema";

export type Breaker = Schema["Breaker"];
export type BreakerState = Breaker["state"];
export type DeadLetter = Schema["DeadLetter"];
export type DeadLetterSummary = Schema["DeadLetterSummary"];
export type DeadLetterState = DeadLetter["state"];
export type ParkedEvent = Schema["ParkedEvent"];
export type Finding = Schema["AuditFinding"];
export type FindingState = NonNullable<NonNullable<paths["/audit/findings"]["get"]["parameters"]["query"]>["state"]>;
export type Operations = Schema["Operations"];
export type RateLimit = Schema["RateLimit"];

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

/** With the token the history has operators and their reasons. */
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
    refetchInterval: 4000,
  });
}

export function entriesQuery(token: string, paymentId: number | null, cursor: string | null) {
  return queryOptions({
    queryKey: ["entries", paymentId, cursor],
    queryFn: async ({ signal }) => {
      const query = { limit: 20, ...(paymentId === null ? {} : { paymentId }), ...(cursor === null ? {} : { cursor }) };
      return (await call("get", "/ledger/entries", { query, token, signal })).data;
    },
    refetchInterval: 4000,
  });
}

export function deadLettersQuery(token: string, state: DeadLetterState | "", cursor: string | null) {
  return queryOptions({
    queryKey: ["dead-letters", state, cursor],
    queryFn: async ({ signal }) => {
      const query = { limit: 20, ...(state === "" ? {} : { state }), ...(cursor === null ? {} : { cursor }) };
      return (await call("get", "/dead-letters", { query, token, signal })).data;
    },
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
    queryFn: async ({ signal }) => {
      const query = { limit: 20, ...(cursor === null ? {} : { cursor }) };
      return (await call("get", "/outbox/parked", { query, token, signal })).data;
    },
    refetchInterval: 2000,
  });
}

export function findingsQuery(token: string, state: FindingState | "", cursor: string | null) {
  return queryOptions({
    queryKey: ["findings", state, cursor],
    queryFn: async ({ signal }) => {
      const query = { limit: 20, ...(state === "" ? {} : { state }), ...(cursor === null ? {} : { cursor }) };
      return (await call("get", "/audit/findings", { query, token, signal })).data;
    },
    refetchInterval: 4000,
  });
}

/** A small request that needs the token. Throws ApiProblem UNAUTHORIZED when it is not the right one. */
export async function checkToken(token: string): Promise<void> {
  await call("get", "/operations", { token });
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
