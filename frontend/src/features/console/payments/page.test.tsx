// @vitest-environment jsdom
import { cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import { Route, Routes } from "react-router";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { serve, show, type Sent } from "../testing";
import { SearchBox } from "../frame/search-box";
import PaymentsPage from "./page";

const payment = (paymentId: number) => ({
  paymentId, merchantId: "M1", idempotencyKey: "k", status: "CAPTURED", amount: 5050, capturedAmount: 5050, refundedAmount: 0,
  releasedAmount: 0, currency: "USD", createdAt: "2025-10-27T06:16:28.123456Z", expiresAt: "2025-11-03T06:16:28.123456Z",
});
const found = (...ids: number[]) => ({ items: ids.map(payment), nextCursor: null, searchedTo: null });

beforeEach(() => { sessionStorage.clear(); });
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function open(address: string): void {
  show(
    <>
      <SearchBox />
      <Routes>
        <Route path="/console/payments" element={<PaymentsPage />} />
        <Route path="/console/payments/:id" element={<h1>one payment</h1>} />
      </Routes>
    </>,
    address,
  );
}

const address = () => screen.getByLabelText("address").textContent;
const last = (sent: Sent[]) => sent.at(-1)?.url;

it("searches for what the address says", async () => {
  const sent = serve(() => found(1, 2));
  open("/console/payments?merchantId=M1&currency=USD&amountFrom=5050");
  await screen.findByText("2 payments on this page, newest first");
  expect(last(sent)).toBe("/operations/payments?merchantId=M1&currency=USD&amountFrom=5050&limit=20");
  expect(screen.getByRole("button", { name: "Remove the filter Amount from: $50.50" })).toBeTruthy();
});

it("opens with the filters of the last search, but not after they were removed", async () => {
  serve(() => found(1, 2));
  open("/console/payments?status=VOIDED");
  await screen.findByText("2 payments on this page, newest first");
  cleanup();
  open("/console/payments");
  await waitFor(() => { expect(address()).toBe("/console/payments?status=VOIDED"); });
  fireEvent.click(await screen.findByRole("button", { name: "Remove all" }));
  await waitFor(() => { expect(address()).toBe("/console/payments"); });
  cleanup();
  open("/console/payments");
  await screen.findByText("2 payments on this page, newest first");
  expect(address()).toBe("/console/payments");
});

it("opens the payment of an id from the search box, and only then", async () => {
  serve(() => found(7));
  open("/console/payments?q=7");
  await screen.findByText("1 payment on this page, newest first");
  fireEvent.keyDown(document.body, { key: "/" });
  const box = screen.getByRole<HTMLInputElement>("searchbox");
  expect(document.activeElement).toBe(box);
  fireEvent.change(box, { target: { value: " k-7 " } });
  fireEvent.click(screen.getByRole("button", { name: "Find" }));
  await screen.findByText("one payment");
  expect(address()).toBe("/console/payments/7");
  expect(sessionStorage.getItem("payops.search")).toBe("q=7"); // a look-up is no search to come back to
});

it("opens the payment of a number that is also an event's of another payment", async () => {
  serve(() => found(9, 7));
  open("/console/payments");
  fireEvent.change(screen.getByRole("searchbox"), { target: { value: "7" } });
  fireEvent.click(screen.getByRole("button", { name: "Find" }));
  await waitFor(() => { expect(address()).toBe("/console/payments/7"); });
});

it("looks a whole API key up by its id, and forgets its secret", async () => {
  serve(() => found(1, 2));
  open("/console/payments");
  const box = screen.getByRole<HTMLInputElement>("searchbox");
  fireEvent.change(box, { target: { value: " po_live_00Abc123Def4_secret" } });
  fireEvent.click(screen.getByRole("button", { name: "Find" }));
  await waitFor(() => { expect(address()).toBe("/console/keys?q=Abc123Def4"); });
  expect(box.value).toBe("");
});

it("leads from an id that no payment has to merchants and keys", async () => {
  serve(() => found());
  open("/console/payments?q=Abc123Def4");
  expect((await screen.findByRole("link", { name: "Look for “Abc123Def4” among merchants and keys" })).getAttribute("href")).toBe("/console/keys?q=Abc123Def4");
});

it("leaves a slash to the field that has the focus", () => {
  serve(() => found());
  open("/console/payments");
  const field = screen.getByLabelText("Merchant");
  field.focus();
  fireEvent.keyDown(field, { key: "/" });
  expect(document.activeElement).toBe(field);
});

it("goes on where a search stopped early", async () => {
  const sent = serve(({ url }) => (url.includes("cursor") ? found(3) : { items: [], nextCursor: "c1", searchedTo: "2025-10-27T06:16:28.123456Z" }));
  open("/console/payments?merchantId=RARE");
  fireEvent.click(await screen.findByRole("button", { name: "Search further back" }));
  await screen.findByText("1 payment on this page, newest first");
  expect(last(sent)).toContain("cursor=c1");
});
