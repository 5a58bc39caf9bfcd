/** Requests about payments, for the shop and the console. */
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
export function paymentQuery(paymentId: number, merchantId: string) {
  return queryOptions({
    queryKey: ["payment", merchantId, paymentId],
    queryFn: async ({ signal }) =>
      (await call("get", "/payments/{payment_id}", { path: { payment_id: paymentId }, query: { merchantId }, signal })).data,
    refetchInterval: (query) =>
      query.state.data !== undefined && isSettled(query.state.data) ? SETTLED_EVERY_MS : FOLLOWED_EVERY_MS,
  });
}

export function paymentsQuery(merchantId: string, status: Status | "", cursor: string | null) {
  return queryOptions({
    queryKey: ["payments", merchantId, status, cursor],
    queryFn: async ({ signal }) => {
      const query = { merchantId, limit: 20, ...(status === "" ? {} : { status }), ...(cursor === null ? {} : { cursor }) };
      return (await call("get", "/payments", { query, signal })).data;
    },
    refetchInterval: 4000,
  });
}

export interface Order {
  merchantId: string;
  amount: number;
  currency: string;
  idempotencyKey: string;
}

export function authorize(order: Order): Promise<Reply<Command>> {
  return call("post", "/payments/authorize", { body: order as Schema["AuthorizeBody"] });
}

/** `amount` null: the whole rest. */
export interface Step {
  operation: "capture" | "refund" | "void";
  paymentId: number;
  merchantId: string;
  amount: number | null;
}

export function send(step: Step, idempotencyKey: string): Promise<Reply<Command>> {
  const path = { payment_id: step.paymentId };
  const body = { merchantId: step.merchantId, idempotencyKey };
  const withAmount = step.amount === null ? body : { ...body, amount: step.amount };
  switch (step.operation) {
    case "capture":
      return call("post", "/payments/capture/{payment_id}", { path, body: withAmount });
    case "refund":
      return call("post", "/payments/refund/{payment_id}", { path, body: withAmount });
    case "void":
      return call("post", "/payments/void/{payment_id}", { path, body });
  }
}
