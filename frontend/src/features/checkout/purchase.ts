/** Buying: authorize, and capture when the customer buys now. Money moves once, however often it is clicked or sent. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { isDeclined, newKey, Undecided } from "../../api/attempt";
import { acquirerQuery, tokenFor, type Acquirer } from "../../api/cards";
import { authorize, send, type Order, type Step } from "../../api/payments";
import { cardOf, type CardName } from "./cards";
import { keepOrder } from "./orders";
import type { Currency, Product } from "./products";
import { undecidedStep } from "./step";

export interface Draft {
  product: Product;
  quantity: number;
  currency: Currency;
  card: CardName;
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
  /** The acquirer has not decided yet; the order's page shows the end, and captures then. */
  processing: boolean;
  /** Why the capture of a "buy now" did not happen; the payment is still authorized. */
  captureError: unknown;
}

/** Authorizes and, for "buy now", captures. Undecided, it is sent again with the same key, also after a reload. */
export async function buy(purchase: Purchase): Promise<Bought> {
  const { order, productId, quantity, captureToo } = purchase;
  const { data, status } = await undecidedPurchase.run(purchase, () => authorize(order), order.idempotencyKey);
  const bought: Bought = { paymentId: data.paymentId, processing: status === 202, captureError: null };
  const captureLater = bought.processing && captureToo;
  keepOrder({ ...order, paymentId: data.paymentId, productId, quantity, ...(captureLater ? { captureLater } : {}) });
  if (bought.processing || !captureToo) return bought;
  const step: Step = { operation: "capture", paymentId: data.paymentId, amount: null };
  try {
    // The capture's key follows from the order's: "buy now" sent twice captures once too.
    await undecidedStep(data.paymentId).run(step, (key) => send(step, key), order.idempotencyKey);
    return bought;
  } catch (captureError) {
    return { ...bought, captureError };
  }
}

/** The purchase with a token of the card, where there is an acquirer. Nothing is sent to the platform. */
export async function withToken(purchase: Purchase, card: CardName, acquirer: Acquirer | null): Promise<Purchase> {
  if (acquirer === null) return purchase;
  const paymentMethod = await tokenFor(cardOf(card), acquirer);
  return { ...purchase, order: { ...purchase.order, paymentMethod } };
}

interface Started {
  purchase: Purchase;
  /** null: it was sent before, with its token. */
  card: CardName | null;
}

/**
 * `start` does nothing while a purchase runs, since React's state is a render late for a double click. `onDeclined`: the
 * key has its answer, another try needs another key.
 */
export function usePurchase(onBought: (bought: Bought) => void, onDeclined: () => void) {
  const running = useRef(false);
  const client = useQueryClient();
  const mutation = useMutation({
    mutationFn: async ({ purchase, card }: Started) =>
      buy(card === null ? purchase : await withToken(purchase, card, await client.query(acquirerQuery()))),
    onSuccess: onBought,
    onError: (error) => { if (isDeclined(error)) onDeclined(); },
    onSettled: () => { running.current = false; },
  });
  const start = (purchase: Purchase, card: CardName | null) => {
    if (running.current) return;
    running.current = true;
    mutation.mutate({ purchase, card });
  };
  return { start, mutation };
}

/** The draft of an order. Every change makes a new key: another order is another payment. */
export function useDraft() {
  const [currency, setCurrency] = useState<Currency>("KRW");
  const [card, setCard] = useState<CardName>("approved");
  const [draft, setDraft] = useState<Draft | null>(null);
  const change = (changes: Partial<Draft>) => {
    setDraft((former) => (former === null ? null : { ...former, ...changes, key: newKey() }));
  };
  return {
    currency,
    draft,
    choose: (product: Product) => { setDraft({ product, quantity: 1, currency, card, key: newKey() }); },
    changeCurrency: (chosen: Currency) => {
      setCurrency(chosen);
      change({ currency: chosen });
    },
    changeCard: (chosen: CardName) => {
      setCard(chosen);
      change({ card: chosen });
    },
    changeQuantity: (quantity: number) => { change({ quantity }); },
    renewKey: () => { change({}); },
    reset: () => { setDraft(null); },
  };
}
