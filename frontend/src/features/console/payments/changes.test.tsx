// @vitest-environment jsdom
import { cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { DeskPayment } from "../../../api/desk";
import { stubDialogs } from "../../../ui/rendered";
import { refusal, serve, show } from "../testing";
import { Changes } from "./changes";

const payment = { paymentId: 7, merchantId: "M1", currency: "USD", possible: { capture: 5050, refund: 0, void: 5050 } } as DeskPayment;

beforeEach(() => {
  localStorage.clear();
  stubDialogs();
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const button = (name: string) => screen.getByRole("button", { name });
const click = (name: string) => { fireEvent.click(button(name)); };

function type(label: string | RegExp, text: string): void {
  fireEvent.change(screen.getByLabelText(label), { target: { value: text } });
}

function open(name: string, reason = "asked"): void {
  click(name);
  type("Reason", reason);
}

it("offers only what is possible, with the most that is", () => {
  show(<Changes payment={payment} />);
  expect(screen.getByText("up to $50.50")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Refund …" })).toBeNull();
  click("Capture …");
  expect(screen.getByLabelText<HTMLInputElement>(/^Amount to capture/).value).toBe("50.50");
  expect(screen.getByText("$50.50 is captured for M1.")).toBeTruthy();
});

it("says that nothing can be done", () => {
  show(<Changes payment={{ ...payment, possible: { capture: 0, refund: 0, void: 0 } }} />);
  expect(screen.getByText("Nothing is left to capture, refund or void.")).toBeTruthy();
});

it("sends the amount in minor units with the reason, and says what was done", async () => {
  const sent = serve(() => ({}));
  show(<Changes payment={payment} />);
  open("Capture …", " asked ");
  type(/^Amount to capture/, "10.5");
  click("Capture $10.50");
  await screen.findByText("Captured $10.50.");
  expect(sent[0]).toMatchObject({ url: "/operations/payments/7/capture", body: { amount: 1050, reason: "asked" } });
  expect(screen.queryByRole("dialog")).toBeNull();
});

it("sends no amount for a void", async () => {
  const sent = serve(() => ({}));
  show(<Changes payment={payment} />);
  open("Void …");
  click("Void $50.50");
  await screen.findByText("Voided $50.50.");
  expect(Object.keys(sent[0]?.body ?? {}).sort()).toEqual(["idempotencyKey", "reason"]);
});

it("repeats a lost change with its key, also after the dialog was closed", async () => {
  let lost = true;
  const sent = serve(() => (lost ? new TypeError("gone") : {}));
  show(<Changes payment={payment} />);
  open("Capture …");
  click("Capture $50.50");
  await screen.findByRole("alert");
  expect(screen.getByLabelText<HTMLInputElement>("Reason").closest("fieldset")?.disabled).toBe(true);
  click("Cancel");
  expect(await screen.findByText(/it is not known whether this was done/)).toBeTruthy();
  lost = false;
  click("Try again");
  await screen.findByText("Captured $50.50.");
  expect(sent).toHaveLength(2);
  expect(sent[1]?.body).toEqual(sent[0]?.body);
});

it("takes a new key after a refusal, and for each dialog", async () => {
  const sent = serve(({ body }) => (body.amount === 5050 ? refusal(409, "CAPTURE_CONFLICT") : {}));
  show(<Changes payment={payment} />);
  open("Capture …");
  click("Capture $50.50");
  await screen.findByText("CAPTURE_CONFLICT");
  type(/^Amount to capture/, "1");
  await waitFor(() => { expect(button("Capture $1.00")).toHaveProperty("disabled", false); });
  click("Capture $1.00");
  await screen.findByText("Captured $1.00.");
  open("Capture …");
  type(/^Amount to capture/, "2");
  click("Capture $2.00");
  await screen.findByText("Captured $2.00.");
  expect(new Set(sent.map(({ body }) => body.idempotencyKey)).size).toBe(3);
});

it("sends once for two clicks in one moment", async () => {
  const sent = serve(() => ({}));
  show(<Changes payment={payment} />);
  open("Capture …");
  const form = button("Capture $50.50").closest("form");
  if (form === null) throw new Error("no form");
  fireEvent.submit(form);
  fireEvent.submit(form);
  await screen.findByText("Captured $50.50.");
  expect(sent).toHaveLength(1);
});
