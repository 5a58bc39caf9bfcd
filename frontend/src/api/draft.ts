/** Types of routes that the API's description does not have yet. Goes away with the next schema.ts. */
export interface ReconFile {
  fileId: number; sha256: string; connector: string; name: string; day: string | null; state: "UPLOADED" | "READING" | "DONE" | "REFUSED";
  lines: number; matched: number; exceptions: number; faults: { line: number; reason: string }[];
  totals: { currency: string; gross: number; fee: number; net: number; matchedGross: number; matchedFee: number; suspense: number }[];
  createdBy: string; createdAt: string; endedAt: string | null;
}
export type ExceptionClass = "AMOUNT" | "CURRENCY" | "FEE" | "TYPE" | "DUPLICATE" | "MISSING_AT_ACQUIRER" | "UNKNOWN_TO_US";
export type ExceptionState = "OPEN" | "WAITING" | "RESOLVED" | "WRITTEN_OFF";
export interface ReconException {
  exceptionId: number; class: ExceptionClass; state: ExceptionState; connector: string; currency: string; suspense: number; openedAt: string;
  opensAt: string | null; endedAt: string | null; actor: string | null; approver: string | null; reason: string | null;
  proposal: "RESOLVED" | "WRITTEN_OFF" | null; proposedBy: string | null; proposedReason: string | null;
  line: { fileId: number; number: number; reference: string; acquirerReference: string; kind: string; currency: string; gross: number; fee: number } | null;
  operation: {
    operationId: number; paymentId: number; merchantId: string; kind: "authorization" | "capture" | "refund" | "reversal"; currency: string; amount: number; state: string; reference: string;
    acquirerReference: string | null; decidedAt: string | null;
  } | null;
}
export interface ReconSummary {
  exceptions: { class: ExceptionClass; open: number; waiting: number; olderThanDay: number; olderThanWeek: number; oldestAt: string | null }[];
  suspense: { currency: string; amount: number }[];
  newestFile: ReconFile | null;
}

interface Operation<Query, InPath, Sent, Answer> {
  parameters: { query?: Query; path: InPath };
  requestBody: { content: { "application/json": Sent } };
  responses: { 200: { content: { "application/json": Answer } } };
}
type Get<Query, InPath, Answer> = { get: Operation<Query, InPath, never, Answer>; post?: never; patch?: never };
type Post<InPath, Sent, Answer> = { get?: never; post: Operation<never, InPath, Sent, Answer>; patch?: never };
interface Page<Item> { items: Item[]; nextCursor: string | null }
interface Paged { limit?: number; cursor?: string }
interface Reason { reason: string }
interface OfException { exception_id: number }

declare module "./schema" {
  interface paths {
    "/reconciliation": Get<never, never, ReconSummary>;
    "/reconciliation/files": Get<Paged, never, Page<ReconFile>>;
    "/reconciliation/files/{file_id}": Get<never, { file_id: number }, ReconFile>;
    "/reconciliation/exceptions": Get<Paged & { class?: ExceptionClass; state?: ExceptionState; currency?: string; fileId?: number }, never, Page<ReconException>>;
    "/reconciliation/exceptions/{exception_id}": Get<never, OfException, ReconException>;
    "/reconciliation/exceptions/{exception_id}/resolve": Post<OfException, Reason, ReconException>;
    "/reconciliation/exceptions/{exception_id}/write-off": Post<OfException, Reason, ReconException>;
  }
}
