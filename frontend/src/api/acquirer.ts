/** Requests about acquirers and what operators can do to operations there. They need an operator's key. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, type Schema } from "./client";

export type Acquirer = Schema["Acquirer"];
export type AcquirerOperation = Schema["AcquirerOperation"];
export type OperationState = AcquirerOperation["state"];
export type OperationKind = AcquirerOperation["kind"];
export type Decided = Schema["DecideBody"]["outcome"];

/** States in which an operator can do something, or housekeeping does, come first. */
export const OPERATION_STATES: readonly OperationState[] = [
  "MANUAL",
  "FENCING",
  "UNKNOWN",
  "SENT",
  "CREATED",
  "FAILED",
  "REVERSED",
  "NOT_SENT",
  "DECLINED",
  "APPROVED",
];

const UNDECIDED: ReadonlySet<OperationState> = new Set<OperationState>(["CREATED", "SENT", "UNKNOWN", "FENCING"]);
const PAGE = 20;
const WATCHED_EVERY_MS = 2000;

/** Whether it can be asked about at once: nobody has decided it, though it may have been given up. */
export function mayBeAsked({ state, decidedAt }: AcquirerOperation): boolean {
  return UNDECIDED.has(state) || (state === "MANUAL" && decidedAt === null);
}

export function acquirersQuery(token: string) {
  return queryOptions({
    queryKey: ["acquirers"],
    queryFn: async ({ signal }) => (await call("get", "/acquirer", { token, signal })).data,
    refetchInterval: WATCHED_EVERY_MS,
  });
}

export interface OperationFilter {
  state: OperationState | "";
  paymentId: number | "";
}

export function acquirerOperationsQuery(token: string, { state, paymentId }: OperationFilter, cursor: string | null) {
  return queryOptions({
    queryKey: ["acquirer-operations", state, paymentId, cursor],
    queryFn: async ({ signal }) => {
      const query = {
        limit: PAGE,
        ...(state === "" ? {} : { state }),
        ...(paymentId === "" ? {} : { paymentId }),
        ...(cursor === null ? {} : { cursor }),
      };
      return (await call("get", "/acquirer-operations", { query, token, signal })).data;
    },
    placeholderData: keepPreviousData,
    refetchInterval: WATCHED_EVERY_MS,
  });
}

export function acquirerOperationQuery(token: string, id: number) {
  return queryOptions({
    queryKey: ["acquirer-operations", "one", id],
    queryFn: async ({ signal }) => (await call("get", "/acquirer-operations/{operation_id}", { path: { operation_id: id }, token, signal })).data,
    refetchInterval: WATCHED_EVERY_MS,
  });
}

/** Has the acquirer asked about the operation at once, instead of at its next time. */
export async function askAgain(token: string, id: number, reason: string): Promise<AcquirerOperation> {
  return (await call("post", "/acquirer-operations/{operation_id}/enquire", { path: { operation_id: id }, body: { reason }, token })).data;
}

/** Proposes an outcome, or carries out the one that another operator has proposed. */
export async function decide(token: string, id: number, outcome: Decided, reason: string): Promise<AcquirerOperation> {
  return (await call("post", "/acquirer-operations/{operation_id}/decide", { path: { operation_id: id }, body: { outcome, reason }, token })).data;
}
