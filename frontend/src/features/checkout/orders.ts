/** The orders of this browser: what was sent, so that it can be sent again with the same key. No secrets are in it. */
import type { Order } from "../../api/payments";

export interface KeptOrder extends Order {
  paymentId: number;
  productId: string;
  quantity: number;
}

const STORED = "payops.orders";
const KEPT = 30;

export function keptOrders(): KeptOrder[] {
  const text = localStorage.getItem(STORED);
  if (text === null) return [];
  try {
    const found: unknown = JSON.parse(text);
    return Array.isArray(found) ? found.filter(isOrder) : [];
  } catch {
    return []; // somebody else wrote there; the orders themselves are safe at the API
  }
}

export function keepOrder(order: KeptOrder): void {
  const others = keptOrders().filter((one) => one.paymentId !== order.paymentId);
  localStorage.setItem(STORED, JSON.stringify([order, ...others].slice(0, KEPT)));
}

function isOrder(value: unknown): value is KeptOrder {
  return typeof value === "object" && value !== null && "paymentId" in value && "idempotencyKey" in value && "merchantId" in value;
}
