import { afterEach, describe, expect, it, vi } from "vitest";
import { address, ApiProblem, call } from "./client";

function answering(body: string, status: number, headers: Record<string, string> = {}) {
  const fetched = vi.fn<typeof fetch>().mockResolvedValue(new Response(body, { status, headers }));
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

async function problem(): Promise<ApiProblem> {
  const error: unknown = await call("get", "/health").catch((caught: unknown) => caught);
  if (!(error instanceof ApiProblem)) throw new Error("expected an ApiProblem");
  return error;
}

afterEach(() => { vi.unstubAllGlobals(); });

describe("call", () => {
  it("fills paths and queries and leaves out what is not given", () => {
    expect(address("/payments/{payment_id}", { payment_id: 7 }, { merchantId: "a b&c", cursor: undefined, status: "" })).toBe("/payments/7?merchantId=a+b%26c");
  });

  it("sends JSON and the token, and tells a replay", async () => {
    const fetched = answering('{"paymentId":1}', 200, { "Idempotency-Replayed": "true" });
    const body = { merchantId: "M", amount: 1, currency: "KRW", idempotencyKey: "k" } as const;
    const reply = await call("post", "/payments/authorize", { body, token: "t" });
    expect(reply).toMatchObject({ data: { paymentId: 1 }, replayed: true, status: 200 });
    const options = fetched.mock.calls[0]?.[1];
    expect(options?.body).toBe(JSON.stringify(body));
    expect(options?.headers).toEqual({ "Content-Type": "application/json", Authorization: "Bearer t" });
  });

  it("reads sums beyond 2^53 exactly", async () => {
    answering('{"debits":9050000000000000,"credits":9007199254740993,"balance":-18446744073709551617,"small":12}', 200);
    const { data } = await call("get", "/ledger/trial-balance");
    expect(data).toEqual({ debits: 9_050_000_000_000_000n, credits: 9_007_199_254_740_993n, balance: -18_446_744_073_709_551_617n, small: 12 });
  });

  it("makes a problem of a problem, with its waiting time", async () => {
    answering('{"code":"RATE_LIMIT_EXCEEDED","message":"wait","requestId":"r"}', 429, { "Retry-After": "17" });
    expect(await problem()).toMatchObject({ code: "RATE_LIMIT_EXCEEDED", status: 429, retryAfter: 17, details: { requestId: "r" } });
  });

  it("does not take a proxy's page for an answer", async () => {
    answering("<html>Bad gateway</html>", 502);
    expect((await problem()).code).toBe("OUTCOME_UNKNOWN");
    answering("<html>hello</html>", 200);
    expect((await problem()).code).toBe("UNREADABLE");
    answering("[]", 404);
    expect((await problem()).code).toBe("UNREADABLE");
  });

  it.each([
    [503, "GATEWAY_UNAVAILABLE", "SERVICE_UNAVAILABLE"],
    [503, "GATEWAY_OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN"],
    [504, "GATEWAY_TIMEOUT", "OUTCOME_UNKNOWN"],
    [503, "GATEWAY_ERROR", "OUTCOME_UNKNOWN"],
    [429, "GATEWAY_RATE_LIMITED", "RATE_LIMIT_EXCEEDED"],
    [403, "GATEWAY_FORBIDDEN", "GATEWAY_FORBIDDEN"],
  ])("takes the gate's %i %s for %s, so that the key is kept", async (status, code, known) => {
    answering(JSON.stringify({ code, message: "no instance" }), status);
    expect(await problem()).toMatchObject({ code: known, status });
  });

  it("says when nothing answers", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    expect((await problem()).code).toBe("NETWORK");
  });
});
