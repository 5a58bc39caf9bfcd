/** Buying: authorize, and capture when the customer buys now. Money moves once, however often it is clicked or sent. */
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { newKey, Undecided } from "../../api/attempt";
import { authorize, send, type Order, type Step } from "../../api/payments";
import { keepOrder } from "./orders";
import type { Currency, Product } from "./products";
import { undecidedStep } from "./step";

export interface Draft {
  product: Product;
  quantity: number;
  currency: Currency;
  key: string;
}

/** A stored purchase: with the product's id, since prices may change while it is undecided. */
export interface Purchase {
  order: Order;
  productId: string;
  quantity: number;
  captureToo: boolean;
}

/** The purchase of this browser with an unknown outcome. */
export const undecidedPurchase = new Undecided<Purchase>("payops.purchase", isPurchase);

function isPurchase(value: unknown): value is Purchase {
  return typeof value === "object" && value !== null && "order" in value && "productId" in value && "captureToo" in value && "quantity" in value;
}

export function orderOf(draft: Draft): Order {
  const amount = draft.product.price[draft.currency] * draft.quantity;
  return { amount, currency: draft.currency, idempotencyKey: draft.key };
}

export function purchaseOf(draft: Draft, captureToo: boolean): Purchase {
  return { order: orderOf(draft), productId: draft.product.id, quantity: draft.quantity, captureToo };
}

export interface Bought {
  paymentId: number;
  /** Why the capture of a "buy now" did not happen; the payment is still authorized. */
  captureError: unknown;
}

/** Authorizes and, for "buy now", captures. Undecided, it is sent again with the same key, also after a reload. */
export async function buy(purchase: Purchase): Promise<Bought> {
  const { order, productId, quantity, captureToo } = purchase;
  const { data } = await undecidedPurchase.run(purchase, () => authorize(order), order.idempotencyKey);
  keepOrder({ ...order, paymentId: data.paymentId, productId, quantity });
  if (!captureToo) return { paymentId: data.paymentId, captureError: null };
  const step: Step = { operation: "capture", paymentId: data.paymentId, amount: null };
  try {
    // The capture's key follows from the order's: "buy now" sent twice captures once too.
    await undecidedStep(data.paymentId).run(step, (key) => send(step, key), order.idempotencyKey);
    return { paymentId: data.paymentId, captureError: null };
  } catch (captureError) {
    return { paymentId: data.paymentId, captureError };
  }
}

/** `start` does nothing while a purchase runs, since React's state is a render late for a double click. */
export function usePurchase(onBought: (bought: Bought) => void) {
  const running = useRef(false);
  const mutation = useMutation({
    mutationFn: buy,
    onSuccess: onBought,
    onSettled: () => { running.current = false; },
  });
  const start = (purchase: Purchase) => {
    if (running.current) return;
    running.current = true;
    mutation.mutate(purchase);
  };
  return { start, mutation };
}

/** The draft of an order. Every change makes a new key: another order is another payment. */
export function useDraft() {
  const [currency, setCurrency] = useState<Currency>("KRW");
  const [draft, setDraft] = useState<Draft | null>(null);
  const change = (changes: Partial<Draft>) => {
    setDraft((former) => (former === null ? null : { ...former, ...changes, key: newKey() }));
  };
  return {
    currency,
    draft,
    choose: (product: Product) => { setDraft({ product, quantity: 1, currency, key: newKey() }); },
    changeCurrency: (chosen: Currency) => {
      setCurrency(chosen);
      change({ currency: chosen });
    },
    changeQuantity: (quantity: number) => { change({ quantity }); },
    renewKey: () => { change({}); },
    reset: () => { setDraft(null); },
  };
}
