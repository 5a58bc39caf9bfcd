// @vitest-environment jsdom
import { fireEvent, screen } from "@testing-library/react";
import { useState } from "react";
import { describe, expect, it } from "vitest";
import { rendered } from "../ui/rendered";
import { AmountField, amountWithin } from "./amount-field";

function Field({ currency = "USD", limit = 10_001 }: { currency?: string; limit?: number }) {
  const [text, setText] = useState("");
  return <AmountField label="Refund" currency={currency} limit={limit} text={text} onText={setText} />;
}

function input(): HTMLInputElement {
  return screen.getByLabelText<HTMLInputElement>(/^Refund/);
}

function enter(text: string): void {
  fireEvent.change(input(), { target: { value: text } });
}

describe("an amount field", () => {
  it.each([
    ["USD", 10_001, "100.01", 10_001],
    ["USD", 10_001, "100.02", null],
    ["USD", 10_001, "0", null],
    ["USD", 10_001, "12,50", null],
    ["KRW", 2_000, "1,999", 1999],
    ["KRW", 2_000, "1.5", null],
  ])("reads an amount of %s up to %i: %s", (currency, limit, text, minor) => {
    expect(amountWithin(text, currency, limit)).toBe(minor);
    rendered(<Field currency={currency} limit={limit} />);
    enter(text);
    expect(input().getAttribute("aria-invalid")).toBe(String(minor === null));
    expect(screen.queryAllByRole("alert")).toHaveLength(minor === null ? 1 : 0);
  });

  it("says what is wrong and how much is possible, and names that to the field", () => {
    rendered(<Field />);
    enter("0.295");
    const alert = screen.getByRole("alert");
    expect(alert.textContent).toBe("At most 2 decimals. Enter up to $100.01.");
    const named = input().getAttribute("aria-errormessage") ?? "";
    expect(document.getElementById(named)?.contains(alert)).toBe(true);
    enter("12,50");
    expect(screen.getByRole("alert").textContent).toContain("decimals come after a point, as in 12.50");
    enter("100.02");
    expect(screen.getByRole("alert").textContent).toBe("Enter an amount of up to $100.01.");
  });

  it("fills in all and the half, rounded down", () => {
    rendered(<Field />);
    fireEvent.click(screen.getByRole("button", { name: "All" }));
    expect(input().value).toBe("100.01");
    fireEvent.click(screen.getByRole("button", { name: "Half" }));
    expect(input().value).toBe("50.00");
  });

  it("has no half of one minor unit", () => {
    rendered(<Field limit={1} />);
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Half" }).disabled).toBe(true);
  });
});
