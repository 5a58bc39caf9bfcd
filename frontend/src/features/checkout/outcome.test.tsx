// @vitest-environment jsdom
/** An order whose acquirer decides late: its page ends by itself, captures once, and stops looking after a while. */
import { act, cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openAmount, refundableAmount, type Payment } from "../../api/payments";
import { ChangePanel } from "./change-panel";
import { Outcome, PATIENCE_MS, useOrder } from "./outcome";
import { undecidedStep } from "./step";
import { paymentWith, problem, serve, show, type Sent } from "./testing";

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function Order() {
  const { query, late, again } = useOrder(42);
  if (query.data === undefined) return null;
  return (
    <>
      <Outcome payment={query.data} late={late} captureLater onAgain={again} />
      {query.data.status !== "PROCESSING" && <ChangePanel payment={query.data} captureKey="key-1" />}
      <output>{query.data.status}</output>
    </>
  );
}

/** Answers requests for the payment with each of `states`, then with the last one. */
function serving(states: readonly Payment[], step: readonly [number, unknown] = [200, { paymentId: 42 }]): Sent[] {
  let read = 0;
  return serve(({ path }) => {
    if (path !== "/shop/payments/42") return step;
    return [200, states[Math.min(read++, states.length - 1)]];
  });
}

/** Lets the page look for `seconds`. */
async function look(seconds: number): Promise<void> {
  await act(() => vi.advanceTimersByTimeAsync(seconds * 1000));
}

const captures = (sent: Sent[]) => sent.filter((one) => one.path === "/shop/payments/capture/42");

it("says that the order is being processed, and captures it once when it is approved", async () => {
  const captured = paymentWith("APPROVED", { status: "CAPTURED", capturedAmount: 5000 });
  const sent = serving([paymentWith("PROCESSING"), paymentWith("APPROVED"), paymentWith("APPROVED"), captured]);
  show(<Order />);
  await look(0.1);
  expect(screen.getByText(/has not decided yet\. This page keeps looking/)).not.toBeNull();
  expect(screen.queryByRole("button", { name: /^Capture/ })).toBeNull();
  await look(20);
  expect(screen.getByText("CAPTURED")).not.toBeNull();
  expect(captures(sent).map((one) => one.body)).toEqual([{ idempotencyKey: "key-1" }]);
});

it("is not captured again when the capture is declined", async () => {
  const sent = serving([paymentWith("APPROVED")], [402, problem("PAYMENT_DECLINED", { declineCode: "processing_error" })]);
  show(<Order />);
  await look(20);
  expect(screen.getByRole("alert").textContent).toContain("The acquirer could not process the card.");
  expect(captures(sent)).toHaveLength(1);
  expect(undecidedStep(42).request).toBeNull();
});

it("says why it was declined, and that nothing was charged", async () => {
  const declined = paymentWith("DECLINED");
  serving([paymentWith("PROCESSING"), { ...declined, operations: declined.operations.map((step) => ({ ...step, declineCode: "expired_card" })) }]);
  show(<Order />);
  await look(20);
  expect(screen.getByRole("alert").textContent).toBe("The card has expired.This order was declined. Nothing was charged.");
});

it("stops looking after minutes, says what to do, and looks again when asked", async () => {
  const sent = serving([paymentWith("PROCESSING")]);
  show(<Order />);
  await look(PATIENCE_MS / 1000 + 5);
  expect(screen.getByText(/do not order the same again meanwhile/)).not.toBeNull();
  const looked = sent.length;
  await look(60);
  expect(sent).toHaveLength(looked);
  fireEvent.click(screen.getByRole("button", { name: "Look again" }));
  await look(5);
  expect(sent.length).toBeGreaterThan(looked + 1);
  expect(screen.queryByText(/do not order the same again meanwhile/)).toBeNull();
});

it("offers no amount that is on its way", () => {
  const step = paymentWith("PROCESSING").operations[0];
  if (step === undefined) throw new Error("no step");
  const parts = paymentWith("APPROVED", { capturedAmount: 3000, operations: [{ ...step, kind: "capture", amount: 1500 }, { ...step, kind: "refund", amount: 1000 }] });
  expect([openAmount(parts), refundableAmount(parts)]).toEqual([500, 2000]);
  expect(openAmount(paymentWith("PROCESSING"))).toBe(0);
  expect(openAmount(paymentWith("DECLINED"))).toBe(0);
});
