// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isUndecided, newKey, Undecided } from "./attempt";
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

});

describe("a request whose outcome is not known", () => {
  const isText = (value: unknown): value is string => typeof value === "string";
  const named = () => new Undecided<string>("payops.test", isText); // a new one knows what a reload would know
  const failing = (code: string) => () => Promise.reject(new ApiProblem(code, ""));

  beforeEach(() => { localStorage.clear(); });

  it.each(["OUTCOME_UNKNOWN", "NETWORK", "SERVICE_UNAVAILABLE"])("keeps its key over a reload after %s", async (code) => {
    const keys: string[] = [];
    await expect(named().run("refund 500", (key) => failing(code)().finally(() => keys.push(key)))).rejects.toThrow();
    expect(named().request).toBe("refund 500");
    await named().run("refund 500", (key) => Promise.resolve(keys.push(key)));
    expect(new Set(keys).size).toBe(1);
    expect(named().request).toBeNull();
    await named().run("refund 500", (key) => Promise.resolve(keys.push(key))); // a second refund of the same amount
    expect(new Set(keys).size).toBe(2);
  });

  it("is kept before it is sent: the page may end at any moment", async () => {
    await named().run("capture", () => {
      expect(named().request).toBe("capture");
      return Promise.resolve();
    });
  });

  it("lets no other one pass", async () => {
    const send = vi.fn();
    await expect(named().run("refund 500", failing("NETWORK"))).rejects.toThrow();
    await expect(named().run("refund 501", send)).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect(send).not.toHaveBeenCalled();
    expect(named().request).toBe("refund 500");
  });

  it("ends with a refusal", async () => {
    await expect(named().run("capture", failing("CAPTURE_CONFLICT"))).rejects.toThrow();
    expect(named().request).toBeNull();
  });

  it("is none where another program wrote", () => {
    for (const text of ["no json", "1", "{}", '{"key": 1, "request": "x"}', '{"key": "k", "request": 5}']) {
      localStorage.setItem("payops.test", text);
      expect(named().request).toBeNull();
    }
  });

  it("is kept until the page ends where the browser keeps nothing", async () => {
    const refuse = () => { throw new DOMException("", "SecurityError"); };
    vi.stubGlobal("localStorage", { getItem: refuse, setItem: refuse, removeItem: refuse });
    await expect(named().run("capture", failing("NETWORK"))).rejects.toThrow();
    expect(named().request).toBe("capture");
    await named().run("capture", () => Promise.resolve());
    expect(named().request).toBeNull();
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
