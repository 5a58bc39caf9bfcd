/** The orders of this browser, as sent, so that they can be sent again with the same key. They have no secrets. */
import type { Order } from "../../api/payments";
import { keep, kept } from "../../api/storage";

export interface KeptOrder extends Order {
  paymentId: number;
  productId: string;
  quantity: number;
  /** Bought now, but authorized only later: it is captured then. */
  captureLater?: boolean;
}

const STORED = "payops.orders";
const KEPT = 30;

export function keptOrders(): KeptOrder[] {
  const found = kept(STORED);
  return Array.isArray(found) ? found.filter(isOrder) : []; // the API still has the orders
}

export function keepOrder(order: KeptOrder): void {
  const others = keptOrders().filter((one) => one.paymentId !== order.paymentId);
  keep(STORED, [order, ...others].slice(0, KEPT));
}

function isOrder(value: unknown): value is KeptOrder {
  return typeof value === "object" && value !== null && "paymentId" in value && "idempotencyKey" in value && "amount" in value && "currency" in value;
}
