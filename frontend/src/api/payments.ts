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

export const STATUSES: readonly Status[] = [
  "AUTHORIZED",
  "PARTIALLY_CAPTURED",
  "CAPTURED",
  "PARTIALLY_REFUNDED",
  "REFUNDED",
  "VOIDED",
  "EXPIRED",
];

const SHOP = { under: "/shop" } as const;
const FOLLOWED_EVERY_MS = 700;
const SETTLED_EVERY_MS = 4000;

export function openAmount(payment: PaymentItem): number {
  return payment.amount - payment.capturedAmount - payment.releasedAmount;
}

export function refundableAmount(payment: PaymentItem): number {
  return payment.capturedAmount - payment.refundedAmount;
}

export function isSettled(payment: Payment): boolean {
  return payment.events.every((event) => event.postedAt !== null);
}

/** One payment, polled often until all of its events are in the ledger. */
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
}

/** Stored orders of former versions have a merchant, too: only what is named here is sent. */
export function authorize({ amount, currency, idempotencyKey }: Order): Promise<Reply<Command>> {
  return call("post", "/payments/authorize", { ...SHOP, body: { amount, currency, idempotencyKey } as Schema["AuthorizeBody"] });
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
