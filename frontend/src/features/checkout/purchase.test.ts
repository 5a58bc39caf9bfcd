// @vitest-environment jsdom
import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { send } from "../../api/payments";
import { keptOrders } from "./orders";
import { PRODUCTS, type Product } from "./products";
import { buy, orderOf, purchaseOf, undecidedPurchase, useDraft, type Draft } from "./purchase";
import { undecidedStep } from "./step";

const phone = PRODUCTS[0] as Product;
const draft: Draft = { product: phone, quantity: 2, currency: "USD", card: "approved", key: "key-1" };

interface Sent {
  path: string;
  headers: unknown;
  body: Record<string, unknown>;
}

function server(captureStatus = 200): Sent[] {
  const sent: Sent[] = [];
  vi.stubGlobal("fetch", (path: string, options: RequestInit) => {
    sent.push({ path, headers: options.headers, body: JSON.parse(options.body as string) as Record<string, unknown> });
    const failed = path.includes("capture") && captureStatus !== 200;
    const body = failed ? { code: "SERVICE_UNAVAILABLE", message: "" } : { paymentId: 42 };
    return Promise.resolve(new Response(JSON.stringify(body), { status: failed ? captureStatus : 200 }));
  });
  return sent;
}

beforeEach(() => { localStorage.clear(); });
afterEach(() => { vi.unstubAllGlobals(); });

describe("buy", () => {
  it("authorizes whole minor units, captures, and remembers the order", async () => {
    const sent = server();
    expect(await buy(purchaseOf(draft, true))).toEqual({ paymentId: 42, processing: false, captureError: null });
    expect(sent.map((one) => one.path)).toEqual(["/shop/payments/authorize", "/shop/payments/capture/42"]);
    expect(sent[0]?.body).toEqual({ amount: 219_800, currency: "USD", idempotencyKey: "key-1" });
    expect(sent[1]?.body).toEqual({ idempotencyKey: "key-1" });
    expect(keptOrders()).toEqual([{ ...orderOf(draft), paymentId: 42, productId: "iphone", quantity: 2 }]);
  });

  it("only authorizes when asked to", async () => {
    const sent = server();
    await buy(purchaseOf(draft, false));
    expect(sent).toHaveLength(1);
  });

  it("says that it is authorized when the capture fails", async () => {
    server(503);
    const bought = await buy(purchaseOf(draft, true));
    expect(bought.paymentId).toBe(42);
    expect(bought.captureError).toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    expect(undecidedPurchase.request).toBeNull();
    expect(undecidedStep(42).request).toMatchObject({ operation: "capture", amount: null }); // with the order's key
  });
});

it("is sent again after a reload, with its key, until it is decided", async () => {
  const purchase = purchaseOf(draft, false);
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("gone")));
  await expect(buy(purchase)).rejects.toMatchObject({ code: "NETWORK" });
  const kept = undecidedPurchase.request;
  expect(kept).toEqual(purchase);
  const sent = server();
  await buy(kept ?? purchase);
  expect(sent[0]?.body).toMatchObject({ idempotencyKey: "key-1", amount: 219_800 });
  expect(undecidedPurchase.request).toBeNull();
});

describe("stored by a former version, with a merchant", () => {
  const order = { merchantId: "STORE", ...orderOf(draft) };

  it("an undecided purchase is sent without it, and without a key", async () => {
    const purchase = { ...purchaseOf(draft, false), order };
    undecidedPurchase.remember(purchase, "key-1");
    const sent = server();
    await buy(undecidedPurchase.request ?? purchase);
    expect(sent[0]).toEqual({ path: "/shop/payments/authorize", headers: { "Content-Type": "application/json" }, body: orderOf(draft) });
    expect(undecidedPurchase.request).toBeNull();
  });

  it("an undecided step, too", async () => {
    const step = { operation: "refund", paymentId: 42, merchantId: "STORE", amount: 5 } as const;
    const sent = server();
    await send(step, "key-2");
    expect(sent[0]).toMatchObject({ path: "/shop/payments/refund/42", body: { idempotencyKey: "key-2", amount: 5 } });
    expect(sent[0]?.body).not.toHaveProperty("merchantId");
  });

  it("an order is still listed", () => {
    const kept = { ...order, paymentId: 42, productId: "iphone", quantity: 2 };
    localStorage.setItem("payops.orders", JSON.stringify([kept]));
    expect(keptOrders()).toEqual([kept]);
  });
});

it("makes a new key for every change of the order", () => {
  const { result } = renderHook(() => useDraft());
  const keys: (string | undefined)[] = [];
  const look = (change: () => void) => {
    act(change);
    keys.push(result.current.draft?.key);
  };
  look(() => { result.current.choose(phone); });
  look(() => { result.current.changeQuantity(2); });
  look(() => { result.current.changeCurrency("USD"); });
  look(() => { result.current.changeCard("declined"); });
  look(() => { result.current.renewKey(); });
  expect(new Set(keys).size).toBe(5);
  expect(result.current.draft).toMatchObject({ quantity: 2, currency: "USD", card: "declined" });
  act(() => { result.current.reset(); });
  expect(result.current.draft).toBeNull();
});

it("survives stored orders that another program wrote", () => {
  localStorage.setItem("payops.orders", "not json");
  expect(keptOrders()).toEqual([]);
  localStorage.setItem("payops.orders", '[1, {"paymentId": 1}]');
  expect(keptOrders()).toEqual([]);
});
