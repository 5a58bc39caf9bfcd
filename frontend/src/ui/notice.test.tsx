// @vitest-environment jsdom
import { act, fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiProblem } from "../api/client";
import { Notice, Problem } from "./notice";
import { rendered } from "./rendered";

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

/** In steps, as each renewal is started by the render before it. */
function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed += 250) act(() => { vi.advanceTimersByTime(250); });
}

it("announces a failure at once, the rest when there is time", () => {
  rendered(<><Notice tone="bad">Refused</Notice><Notice tone="good">Done</Notice></>);
  expect(screen.getByRole("alert").textContent).toBe("Refused");
  expect(screen.getByRole("status").textContent).toBe("Done");
});

describe("a problem", () => {
  const limited = new ApiProblem("RATE_LIMIT_EXCEEDED", "too many", 429, 2, { requestId: "0123456789abcdef" });

  it("counts down to when trying again helps", () => {
    const retry = vi.fn();
    rendered(<Problem error={limited} retry={retry} />);
    const button = screen.getByRole<HTMLButtonElement>("button");
    expect([button.textContent, button.disabled]).toEqual(["Try again in 2 s", true]);
    pass(1000);
    expect(button.textContent).toBe("Try again in 1 s");
    pass(1000);
    expect([button.textContent, button.disabled]).toEqual(["Try again", false]);
    fireEvent.click(button);
    expect(retry).toHaveBeenCalledOnce();
  });

  it("begins anew when it is refused again", () => {
    const { rerender } = rendered(<Problem error={limited} retry={vi.fn()} />);
    pass(2000);
    rerender(<Problem error={new ApiProblem("RATE_LIMIT_EXCEEDED", "too many", 429, 5)} retry={vi.fn()} />);
    expect(screen.getByRole("button").textContent).toBe("Try again in 5 s");
  });

  it("has the code, the request and the fields", () => {
    const errors = [{ field: "amount", message: "is too large" }];
    rendered(<Problem error={new ApiProblem("VALIDATION_FAILED", "bad", 400, null, { errors, requestId: "0123456789abcdef" })} retry={vi.fn()} />);
    const text = screen.getByRole("alert").textContent;
    for (const part of ["Something in the request is not valid.", "VALIDATION_FAILED", "0123456789ab", "amount is too large"]) expect(text).toContain(part);
    expect(screen.queryByRole("button")).toBeNull(); // the same request would be refused again
  });

  it("says something about anything", () => {
    rendered(<Problem error={new TypeError("x is not a function")} />);
    expect(screen.getByRole("alert").textContent).toContain("The server gave an answer that cannot be read.");
  });
});
