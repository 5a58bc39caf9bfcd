/** Buying: authorize, and capture when the customer buys now. Money moves once, however often it is clicked or sent. */
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { newKey } from "../../api/attempt";
import { authorize, send, type Order } from "../../api/payments";
import { keepOrder } from "./orders";
import type { Currency, Product } from "./products";

export const MERCHANT_ID = "STORE";

export interface Draft {
  product: Product;
  quantity: number;
  currency: Currency;
  key: string;
}

export function orderOf(draft: Draft): Order {
  const amount = draft.product.price[draft.currency] * draft.quantity;
  return { merchantId: MERCHANT_ID, amount, currency: draft.currency, idempotencyKey: draft.key };
}

export interface Bought {
  paymentId: number;
  /** Why the capture of a "buy now" did not happen; the payment is authorized all the same. */
  captureError: unknown;
}

export async function buy(draft: Draft, captureToo: boolean): Promise<Bought> {
  const order = orderOf(draft);
  const { data } = await authorize(order);
  keepOrder({ ...order, paymentId: data.paymentId, productId: draft.product.id, quantity: draft.quantity });
  if (!captureToo) return { paymentId: data.paymentId, captureError: null };
  try {
    // The capture's key follows from the order's: "buy now" sent twice captures once too.
    await send({ operation: "capture", paymentId: data.paymentId, merchantId: MERCHANT_ID, amount: null }, order.idempotencyKey);
    return { paymentId: data.paymentId, captureError: null };
  } catch (captureError) {
    return { paymentId: data.paymentId, captureError };
  }
}

/** `start` does nothing while a purchase runs: state comes a render too late for a double click. */
export function usePurchase(onBought: (bought: Bought) => void) {
  const running = useRef(false);
  const mutation = useMutation({
    mutationFn: ({ draft, captureToo }: { draft: Draft; captureToo: boolean }) => buy(draft, captureToo),
    onSuccess: onBought,
    onSettled: () => { running.current = false; },
  });
  const start = (draft: Draft, captureToo: boolean) => {
    if (running.current) return;
    running.current = true;
    mutation.mutate({ draft, captureToo });
  };
  return { start, mutation };
}

/** What is being ordered. Every change makes a new key: another order is another payment. */
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
