/** Requests about the acquirers' files and the differences found in them. They need an operator's key. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { address, call, request, type Schema } from "./client";
import type { Currency } from "./settlements";

export type ReconException = Schema["ReconException"];
export type ReconFile = Schema["ReconFile"];
export type ReconSummary = Schema["Reconciliation"];
export type ExceptionClass = ReconException["class"];
export type ExceptionState = ReconException["state"];
export type FileState = ReconFile["state"];
export type FaultReason = ReconFile["faults"][number]["reason"];

export const CLASSES: readonly ExceptionClass[] = ["AMOUNT", "CURRENCY", "TYPE", "FEE", "DUPLICATE", "UNKNOWN_TO_US", "MISSING_AT_ACQUIRER"];
export const EXCEPTION_STATES: readonly ExceptionState[] = ["OPEN", "WAITING", "RESOLVED", "WRITTEN_OFF"];

/** How an exception ends. */
export type Ending = "RESOLVED" | "WRITTEN_OFF";
export const ENDINGS: readonly Ending[] = ["RESOLVED", "WRITTEN_OFF"];

/** What the API takes of one file, in bytes; a larger one is imported by a command. */
export const LARGEST_FILE = 8 * 1024 * 1024;

const PAGE = 20;
const WATCHED_EVERY_MS = 3000;
const SUMMARY_EVERY_MS = 5000;

const page = (cursor: string | null) => ({ limit: PAGE, ...(cursor === null ? {} : { cursor }) });

export function summaryQuery(token: string) {
  return queryOptions({
    queryKey: ["reconciliation", "summary"],
    queryFn: async ({ signal }) => (await call("get", "/reconciliation", { token, signal })).data,
    refetchInterval: SUMMARY_EVERY_MS,
  });
}

export function filesQuery(token: string, cursor: string | null) {
  return queryOptions({
    queryKey: ["reconciliation", "files", cursor],
    queryFn: async ({ signal }) => (await call("get", "/reconciliation/files", { query: page(cursor), token, signal })).data,
    placeholderData: keepPreviousData,
    refetchInterval: WATCHED_EVERY_MS,
  });
}

export function fileQuery(token: string, id: number) {
  return queryOptions({
    queryKey: ["reconciliation", "files", "one", id],
    queryFn: async ({ signal }) => (await call("get", "/reconciliation/files/{file_id}", { path: { file_id: id }, token, signal })).data,
    refetchInterval: (query) => (isBeingRead(query.state.data) ? WATCHED_EVERY_MS : false),
  });
}

function isBeingRead(file: ReconFile | undefined): boolean {
  return file === undefined || file.state === "UPLOADED" || file.state === "READING";
}

/** Stores a file, which is then read by itself: its state says what became of it. */
export async function uploadFile(token: string, connector: string, file: File): Promise<void> {
  await request("post", address("/reconciliation/files", {}, { connector, name: file.name }), { file, token });
}

export interface ExceptionFilter {
  class: ExceptionClass | "";
  state: ExceptionState | "";
  currency: Currency | "";
  fileId: number | "";
}

/** As query parameters: of a page, and of the list as a file. */
export function exceptionParameters({ class: of, state, currency, fileId }: ExceptionFilter) {
  return { ...(of === "" ? {} : { class: of }), ...(state === "" ? {} : { state }), ...(currency === "" ? {} : { currency }), ...(fileId === "" ? {} : { fileId }) };
}

export function exceptionsQuery(token: string, filter: ExceptionFilter, cursor: string | null) {
  return queryOptions({
    queryKey: ["reconciliation", "exceptions", filter, cursor],
    queryFn: async ({ signal }) =>
      (await call("get", "/reconciliation/exceptions", { query: { ...page(cursor), ...exceptionParameters(filter) }, token, signal })).data,
    placeholderData: keepPreviousData,
    refetchInterval: WATCHED_EVERY_MS,
  });
}

export function exceptionQuery(token: string, id: number) {
  return queryOptions({
    queryKey: ["reconciliation", "exceptions", "one", id],
    queryFn: async ({ signal }) => (await call("get", "/reconciliation/exceptions/{exception_id}", { path: { exception_id: id }, token, signal })).data,
    refetchInterval: WATCHED_EVERY_MS,
  });
}

/** Ends an exception, or, above a limit, proposes it or carries out what another operator has proposed. */
export async function endException(token: string, id: number, ending: Ending, reason: string): Promise<ReconException> {
  const sent = { path: { exception_id: id }, body: { reason }, token };
  return ending === "RESOLVED"
    ? (await call("post", "/reconciliation/exceptions/{exception_id}/resolve", sent)).data
    : (await call("post", "/reconciliation/exceptions/{exception_id}/write-off", sent)).data;
}
