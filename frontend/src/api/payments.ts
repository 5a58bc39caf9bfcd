/**
 * Requests of the shop: the operations of /payments at its own backend, which acts for the shop's merchant. No merchant
 * and no key is sent.
 */
import { queryOptions } from "@tanstack/react-query";
import { call, type Reply, type Schema } from "./client";

export type Payment = Schema["PaymentAnswer"];
export type PaymentItem = Schema["PaymentItem"];
export type PaymentEvent = Schema["Event"];
export type Entry = Schema["Entry"];
export type Status = PaymentItem["status"];
export type Command = Schema["CommandAnswer"];
/** A step of a payment at the acquirer, as its customer and merchant see it. */
export type AcquirerStep = Payment["operations"][number];

export const STATUSES: readonly Status[] = [
  "PROCESSING",
  "AUTHORIZED",
  "PARTIALLY_CAPTURED",
  "CAPTURED",
  "PARTIALLY_REFUNDED",
  "REFUNDED",
  "VOIDED",
  "EXPIRED",
  "DECLINED",
];

const SHOP = { under: "/shop" } as const;
const FOLLOWED_EVERY_MS = 700;
const SETTLED_EVERY_MS = 4000;

/** A payment with its steps at the acquirer; an operator's have the states that are stored. */
export type Stepped = PaymentItem & { operations: readonly Pick<AcquirerStep | OperatorStep, "kind" | "amount" | "state">[] };
type OperatorStep = Schema["AcquirerOperation"];

/** States of a step that the acquirer has not decided, in the shop's words and in the operators'. */
const NOT_DECIDED: ReadonlySet<string> = new Set<AcquirerStep["state"] | OperatorStep["state"]>(["PROCESSING", "CREATED", "SENT", "UNKNOWN", "FENCING", "MANUAL"]);

/** What can still be captured: nothing before the acquirer has approved the payment, and nothing that is on its way. */
export function openAmount(payment: Stepped): number {
  if (payment.status === "PROCESSING" || payment.status === "DECLINED") return 0;
  return payment.amount - payment.capturedAmount - payment.releasedAmount - pending(payment, "capture") - pending(payment, "void");
}

export function refundableAmount(payment: Stepped): number {
  return payment.capturedAmount - payment.refundedAmount - pending(payment, "refund");
}

/** Whether the acquirer has not decided the payment, or a step of it. */
export function isProcessing(payment: Stepped): boolean {
  return payment.status === "PROCESSING" || payment.operations.some((step) => NOT_DECIDED.has(step.state));
}

function pending({ operations }: Stepped, kind: AcquirerStep["kind"]): number {
  return operations.filter((step) => step.kind === kind && NOT_DECIDED.has(step.state)).reduce((sum, step) => sum + step.amount, 0);
}

export function isSettled(payment: Payment): boolean {
  return !isProcessing(payment) && payment.events.every((event) => event.postedAt !== null);
}

/** One payment, polled often until the acquirer has decided and all of its events are in the ledger. */
export function paymentQuery(paymentId: number) {
  return queryOptions({
    queryKey: ["payment", paymentId],
    queryFn: async ({ signal }) => (await call("get", "/payments/{payment_id}", { ...SHOP, path: { payment_id: paymentId }, signal })).data,
    refetchInterval: (query) =>
      query.state.data !== undefined && isSettled(query.state.data) ? SETTLED_EVERY_MS : FOLLOWED_EVERY_MS,
  });
}

export interface Order {
  amount: number;
  currency: string;
  idempotencyKey: string;
  /** The acquirer's token for the card; absent where the merchant has no acquirer. A repetition sends the same. */
  paymentMethod?: string;
}

/** Stored orders of former versions have a merchant, too: only what is named here is sent. */
export function authorize({ amount, currency, idempotencyKey, paymentMethod }: Order): Promise<Reply<Command>> {
  return call("post", "/payments/authorize", { ...SHOP, body: { amount, currency, idempotencyKey, ...(paymentMethod === undefined ? {} : { paymentMethod }) } as Schema["AuthorizeBody"] });
}

/** `amount` null: the whole rest. */
export interface Step {
  operation: "capture" | "refund" | "void";
  paymentId: number;
  amount: number | null;
}

export function send(step: Step, idempotencyKey: string): Promise<Reply<Command>> {
  const path = { payment_id: step.paymentId };
  const body = { idempotencyKey, ...(step.amount === null ? {} : { amount: step.amount }) };
  switch (step.operation) {
    case "capture":
      return call("post", "/payments/capture/{payment_id}", { ...SHOP, path, body: body as Schema["CaptureBody"] });
    case "refund":
      return call("post", "/payments/refund/{payment_id}", { ...SHOP, path, body: body as Schema["RefundBody"] });
    case "void":
      return call("post", "/payments/void/{payment_id}", { ...SHOP, path, body: { idempotencyKey } as Schema["VoidBody"] });
  }
}
