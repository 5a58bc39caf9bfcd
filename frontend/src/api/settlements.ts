/** Requests about settlement: batches and their items, payout files, adjustments, fee schedules. They need an operator's key. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, type Schema } from "./client";
import type { Mode } from "./keys";

export type Batch = Schema["SettlementBatch"];
export type BatchState = Batch["state"];
export type Item = Schema["SettlementItem"];
export type ItemKind = Item["kind"];
export type Adjustment = Schema["SettlementAdjustment"];
export type PayoutFile = Schema["PayoutFile"];
export type PayoutFormat = PayoutFile["format"];
export type FeeSchedule = Schema["FeeSchedule"];
export type NewSchedule = Required<Omit<Schema["FeeScheduleBody"], "reason">>;
/** A currency that the API knows. */
export type Currency = NewSchedule["currency"];

/** In the order in which an operator has something to do. */
export const BATCH_STATES: readonly BatchState[] = ["CLOSED", "APPROVED", "EXPORTED", "RETURNED", "OPEN", "CARRIED", "CONFIRMED"];

/** What an operator can do to a batch itself; a payout file exports it. */
export type Step = "approve" | "confirm" | "return";

/** What an operator can do to an adjustment that waits. */
export type Answer = "agree" | "withdraw";
export const ANSWERS: readonly Answer[] = ["agree", "withdraw"];

const PAGE = 20;
const WATCHED_EVERY_MS = 5000;

const page = (cursor: string | null) => ({ limit: PAGE, ...(cursor === null ? {} : { cursor }) });

export interface BatchFilter {
  state: BatchState | "";
  merchantId: string;
  currency: Currency | "";
}

export function batchesQuery(token: string, { state, merchantId, currency }: BatchFilter, cursor: string | null) {
  return queryOptions({
    queryKey: ["batches", state, merchantId, currency, cursor],
    queryFn: async ({ signal }) => {
      const query = { ...page(cursor), ...(state === "" ? {} : { state }), ...(merchantId === "" ? {} : { merchantId }), ...(currency === "" ? {} : { currency }) };
      return (await call("get", "/settlement-batches", { query, token, signal })).data;
    },
    placeholderData: keepPreviousData,
    refetchInterval: WATCHED_EVERY_MS,
  });
}

export function batchQuery(token: string, id: number) {
  return queryOptions({
    queryKey: ["batches", "one", id],
    queryFn: async ({ signal }) => (await call("get", "/settlement-batches/{batch_id}", { path: { batch_id: id }, token, signal })).data,
    refetchInterval: WATCHED_EVERY_MS,
  });
}

/** Items of a closed batch do not change: they are not polled. */
export function itemsQuery(token: string, id: number, isOpen: boolean, cursor: string | null) {
  return queryOptions({
    queryKey: ["batches", "items", id, isOpen, cursor],
    queryFn: async ({ signal }) =>
      (await call("get", "/settlement-batches/{batch_id}/items", { path: { batch_id: id }, query: page(cursor), token, signal })).data,
    placeholderData: keepPreviousData,
    refetchInterval: isOpen ? WATCHED_EVERY_MS : false,
  });
}

export async function takeStep(token: string, id: number, step: Step, reason: string): Promise<Batch> {
  const sent = { path: { batch_id: id }, body: { reason }, token };
  switch (step) {
    case "approve":
      return (await call("post", "/settlement-batches/{batch_id}/approve", sent)).data;
    case "confirm":
      return (await call("post", "/settlement-batches/{batch_id}/confirm", sent)).data;
    case "return":
      return (await call("post", "/settlement-batches/{batch_id}/return", sent)).data;
  }
}

export function payoutFilesQuery(token: string, cursor: string | null) {
  return queryOptions({
    queryKey: ["payout-files", cursor],
    queryFn: async ({ signal }) => (await call("get", "/payout-files", { query: page(cursor), token, signal })).data,
    placeholderData: keepPreviousData,
    refetchInterval: WATCHED_EVERY_MS,
  });
}

/** A file of all approved batches of the currency, of live merchants or of test merchants. */
export async function createPayoutFile(token: string, currency: Currency, mode: Mode, format: PayoutFormat, reason: string): Promise<PayoutFile> {
  return (await call("post", "/payout-files", { body: { currency, mode, format, reason }, token })).data;
}

export function adjustmentsQuery(token: string, cursor: string | null) {
  return queryOptions({
    queryKey: ["adjustments", cursor],
    queryFn: async ({ signal }) => (await call("get", "/settlement-adjustments", { query: page(cursor), token, signal })).data,
    placeholderData: keepPreviousData,
    refetchInterval: WATCHED_EVERY_MS,
  });
}

/** `amount` is in minor units; positive is for the merchant. Above a limit it waits for a second operator. With the same key it is made once. */
export async function proposeAdjustment(token: string, merchantId: string, currency: Currency, amount: number, reason: string, idempotencyKey: string): Promise<Adjustment> {
  return (await call("post", "/settlement-adjustments", { body: { merchantId, currency, amount, reason, idempotencyKey }, token })).data;
}

export async function answerAdjustment(token: string, id: number, answer: Answer, reason: string): Promise<Adjustment> {
  const sent = { path: { adjustment_id: id }, body: { reason }, token };
  switch (answer) {
    case "agree":
      return (await call("post", "/settlement-adjustments/{adjustment_id}/agree", sent)).data;
    case "withdraw":
      return (await call("post", "/settlement-adjustments/{adjustment_id}/withdraw", sent)).data;
  }
}

/** Schedules of one merchant ("*" is any), in one currency; "" is all. */
export function feeSchedulesQuery(token: string, merchantId: string, currency: Currency | "", cursor: string | null) {
  return queryOptions({
    queryKey: ["fee-schedules", merchantId, currency, cursor],
    queryFn: async ({ signal }) => {
      const query = { ...page(cursor), ...(merchantId === "" ? {} : { merchantId }), ...(currency === "" ? {} : { currency }) };
      return (await call("get", "/fee-schedules", { query, token, signal })).data;
    },
    placeholderData: keepPreviousData,
    refetchInterval: WATCHED_EVERY_MS,
  });
}

export async function addFeeSchedule(token: string, schedule: NewSchedule, reason: string): Promise<FeeSchedule> {
  return (await call("post", "/fee-schedules", { body: { ...schedule, reason }, token })).data;
}
