// @vitest-environment jsdom
/** Paying with a card: the token comes from the acquirer, the number goes nowhere else. */
import { act, cleanup, fireEvent, renderHook, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CARD_NAMES, cardOf } from "./cards";
import { keptOrders } from "./orders";
import { OrderPanel } from "./order-panel";
import { PRODUCTS, type Product } from "./products";
import { purchaseOf, undecidedPurchase, useDraft, usePurchase, type Draft } from "./purchase";
import { ACQUIRER, Around, NO_ACQUIRER, problem, serve, show, type Sent } from "./testing";

const phone = PRODUCTS[0] as Product;
const draft: Draft = { product: phone, quantity: 1, currency: "KRW", card: "insufficientFunds", key: "key-1" };
const TOKEN = [201, { token: "tok_1" }] as const;

beforeEach(() => { localStorage.clear(); });
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** A server with an acquirer; `authorize` answers authorizations, `token` the acquirer's tokens. */
function withAcquirer(authorize: () => readonly [number, unknown] | Error, token: () => readonly [number, unknown] | Error = () => TOKEN): Sent[] {
  return serve(({ path }) => {
    if (path === "/shop/acquirer") return [200, ACQUIRER];
    return path === ACQUIRER.tokensUrl ? token() : authorize();
  });
}

function purchase() {
  const bought = vi.fn();
  const declined = vi.fn();
  const { result } = renderHook(() => usePurchase(bought, declined), { wrapper: Around });
  const start = (card: Draft["card"] | null = draft.card) => { act(() => { result.current.start(purchaseOf(draft, true), card); }); };
  const failed = async () => {
    await waitFor(() => { expect(result.current.mutation.isError).toBe(true); });
    return result.current.mutation.error;
  };
  return { result, bought, declined, start, failed };
}

const paths = (sent: Sent[]) => sent.map((one) => one.path);

describe("a purchase with a card", () => {
  it("pays with a token; the number goes to the acquirer alone, and is kept nowhere", async () => {
    const sent = withAcquirer(() => [200, { paymentId: 42 }]);
    const { bought, start } = purchase();
    start();
    await waitFor(() => { expect(bought).toHaveBeenCalledOnce(); });
    expect(paths(sent)).toEqual(["/shop/acquirer", ACQUIRER.tokensUrl, "/shop/payments/authorize", "/shop/payments/capture/42"]);
    expect(sent[1]).toMatchObject({ headers: { Authorization: "Bearer pk_of_browsers" }, body: cardOf("insufficientFunds") });
    expect(sent[2]?.body).toEqual({ amount: 1_790_000, currency: "KRW", idempotencyKey: "key-1", paymentMethod: "tok_1" });
    for (const { number } of CARD_NAMES.map(cardOf)) {
      expect(JSON.stringify(sent.filter((one) => one.path !== ACQUIRER.tokensUrl))).not.toContain(number);
      expect(JSON.stringify(Object.entries(localStorage))).not.toContain(number);
    }
  });

  it("is one for two clicks in one moment", async () => {
    const sent = withAcquirer(() => [200, { paymentId: 42 }]);
    const { bought, start } = purchase();
    start();
    start();
    await waitFor(() => { expect(bought).toHaveBeenCalledOnce(); });
    expect(paths(sent).filter((path) => path.endsWith("authorize"))).toHaveLength(1);
  });

  it("is without one where the merchant has no acquirer", async () => {
    const sent = serve(({ path }) => [200, path === "/shop/acquirer" ? NO_ACQUIRER : { paymentId: 42 }]);
    const { bought, start } = purchase();
    start();
    await waitFor(() => { expect(bought).toHaveBeenCalledOnce(); });
    expect(sent[1]?.body).not.toHaveProperty("paymentMethod");
  });

  it("is captured later when the acquirer has not decided", async () => {
    const sent = withAcquirer(() => [202, { paymentId: 42, status: "PROCESSING" }]);
    const { bought, start } = purchase();
    start();
    await waitFor(() => { expect(bought).toHaveBeenCalledWith({ paymentId: 42, processing: true, captureError: null }, expect.anything(), undefined, expect.anything()); });
    expect(paths(sent)).not.toContain("/shop/payments/capture/42");
    expect(keptOrders()[0]).toMatchObject({ paymentId: 42, captureLater: true, paymentMethod: "tok_1" });
    expect(undecidedPurchase.request).toBeNull();
  });

  it("that is declined asks for another key", async () => {
    withAcquirer(() => [402, problem("PAYMENT_DECLINED", { declineCode: "insufficient_funds" })]);
    const { declined, start, failed } = purchase();
    start();
    expect(await failed()).toMatchObject({ code: "PAYMENT_DECLINED" });
    expect(declined).toHaveBeenCalledOnce();
    expect(undecidedPurchase.request).toBeNull();
  });

  it.each([
    ["unavailable", [503, problem("ACQUIRER_UNAVAILABLE")] as const],
    ["lost", new TypeError("gone")],
  ])("whose answer is %s is sent again with its key and token, after a reload too", async (_, answer) => {
    withAcquirer(() => answer);
    const first = purchase();
    first.start();
    await first.failed();
    const kept = undecidedPurchase.request;
    const sent = withAcquirer(() => [200, { paymentId: 42 }]);
    const second = purchase();
    if (kept !== null) act(() => { second.result.current.start(kept, null); });
    await waitFor(() => { expect(second.bought).toHaveBeenCalledOnce(); });
    expect(sent[0]).toMatchObject({ path: "/shop/payments/authorize", body: { idempotencyKey: "key-1", paymentMethod: "tok_1" } });
  });

  it.each([
    ["the acquirer cannot be reached", new TypeError("gone"), "CARD_TOKEN_MISSING"],
    ["the acquirer takes no such card", [402, { code: "CARD_NOT_ACCEPTED", message: "no" }] as const, "CARD_NOT_ACCEPTED"],
    ["the acquirer answers without a token", [201, {}] as const, "CARD_TOKEN_MISSING"],
  ])("is not begun when %s", async (_, answer, code) => {
    const sent = withAcquirer(() => [200, { paymentId: 42 }], () => answer);
    const { start, failed } = purchase();
    start();
    expect(await failed()).toMatchObject({ code });
    expect(paths(sent)).toEqual(["/shop/acquirer", ACQUIRER.tokensUrl]);
    expect(undecidedPurchase.request).toBeNull();
  });
});

function Shop() {
  const chosen = useDraft();
  const bought = usePurchase(() => undefined, chosen.renewKey);
  return (
    <>
      <button type="button" onClick={() => { chosen.choose(phone); }}>choose</button>
      <OrderPanel ref={null} actions={null} draft={chosen} purchase={bought} />
    </>
  );
}

async function chooseAndBuy(): Promise<void> {
  show(<Shop />);
  fireEvent.click(screen.getByRole("button", { name: "choose" }));
  await screen.findByLabelText("Test card");
  fireEvent.click(screen.getByRole("button", { name: "Buy now" }));
}

const shownKey = () => screen.getByTestId("key").textContent;

describe("the order's panel", () => {
  it("says why a card was declined, and offers another try with another key", async () => {
    withAcquirer(() => [402, problem("PAYMENT_DECLINED", { declineCode: "insufficient_funds" })]);
    show(<Shop />);
    fireEvent.click(screen.getByRole("button", { name: "choose" }));
    fireEvent.change(await screen.findByLabelText("Test card"), { target: { value: "insufficientFunds" } });
    const key = shownKey();
    fireEvent.click(screen.getByRole("button", { name: "Buy now" }));
    expect((await screen.findByRole("alert")).textContent).toContain("The card has insufficient funds.");
    expect(shownKey()).not.toBe(key);
    expect(screen.getByRole("button", { name: "Buy now" })).not.toBeNull();
  });

  it("has a sentence for a code that it does not know", async () => {
    withAcquirer(() => [402, problem("PAYMENT_DECLINED", { declineCode: "toString" })]);
    await chooseAndBuy();
    expect((await screen.findByRole("alert")).textContent).toContain("The acquirer declined it (toString).");
  });

  it("says that nothing was charged while the acquirer is away, and lets the order be left", async () => {
    withAcquirer(() => [503, problem("ACQUIRER_UNAVAILABLE")]);
    await chooseAndBuy();
    expect(await screen.findByText(/^This order is not paid/)).not.toBeNull();
    expect(screen.getByRole("button", { name: "Try again" })).not.toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "Leave it" }));
    expect(undecidedPurchase.request).toBeNull();
    expect(screen.getByRole("button", { name: "Buy now" })).not.toBeNull();
  });
});
