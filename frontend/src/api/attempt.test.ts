import { afterEach, describe, expect, it, vi } from "vitest";
import { Attempts, isUndecided, newKey } from "./attempt";
import { ApiProblem } from "./client";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

afterEach(() => { vi.unstubAllGlobals(); });

describe("keys", () => {
  it("are UUIDs, also on pages where randomUUID is missing", () => {
    expect(newKey()).toMatch(UUID);
    vi.stubGlobal("crypto", { getRandomValues: (bytes: Uint8Array) => bytes.fill(255) });
    expect(newKey()).toBe("ffffffff-ffff-4fff-bfff-ffffffffffff");
    vi.stubGlobal("crypto", { getRandomValues: (bytes: Uint8Array) => bytes.fill(0) });
    expect(newKey()).toMatch(UUID);
  });

  it("stay with a wish until it is decided", async () => {
    const attempts = new Attempts();
    const sent: string[] = [];
    const failing = (code: string) => (key: string) => {
      sent.push(key);
      return Promise.reject(new ApiProblem(code, ""));
    };
    await expect(attempts.run("refund 500", failing("OUTCOME_UNKNOWN"))).rejects.toThrow();
    await expect(attempts.run("refund 500", failing("NETWORK"))).rejects.toThrow();
    await attempts.run("refund 500", (key) => Promise.resolve(sent.push(key)));
    expect(new Set(sent).size).toBe(1);
    await attempts.run("refund 500", (key) => Promise.resolve(sent.push(key))); // a second refund of the same amount
    expect(new Set(sent).size).toBe(2);
  });

  it("differ for other words, and after a refusal", async () => {
    const attempts = new Attempts();
    const first = attempts.keyFor("capture 1");
    expect(attempts.keyFor("capture 2")).not.toBe(first);
    await expect(attempts.run("capture 1", () => Promise.reject(new ApiProblem("CAPTURE_CONFLICT", "", 409)))).rejects.toThrow();
    expect(attempts.keyFor("capture 1")).not.toBe(first);
  });
});

it.each([
  ["NETWORK", true],
  ["OUTCOME_UNKNOWN", true],
  ["SERVICE_UNAVAILABLE", true],
  ["RATE_LIMIT_EXCEEDED", true],
  ["REQUEST_IN_PROGRESS", true],
  ["REFUND_CONFLICT", false],
  ["VALIDATION_FAILED", false],
  ["IDEMPOTENCY_KEY_REUSED", false],
])("%s may be sent again with the same key: %s", (code, undecided) => {
  expect(isUndecided(new ApiProblem(code, ""))).toBe(undecided);
});
