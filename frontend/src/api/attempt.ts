/** Idempotency keys: one for each command, however often it is sent. */
import { ApiProblem } from "./client";
import { forget, keep, kept } from "./storage";

/** A UUID. `crypto.randomUUID` is missing on plain http:// pages of other machines. */
export function newKey(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40; // version 4
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80; // the variant of RFC 9562
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const NOT_DECIDED = new Set([
  "NETWORK",
  "UNREADABLE",
  "OUTCOME_UNKNOWN",
  "SERVICE_UNAVAILABLE",
  "ACQUIRER_UNAVAILABLE",
  "REQUEST_IN_PROGRESS",
  "RATE_LIMIT_EXCEEDED",
  "DOWNLOAD_BROKEN",
]);

/** Whether the acquirer has declined it. The key has its answer: another try needs another key. */
export function isDeclined(error: unknown): boolean {
  return error instanceof ApiProblem && error.code === "PAYMENT_DECLINED";
}

/** Whether it certainly has not been done, and may be sent again with the same key or be left. */
export function isNotDone(error: unknown): boolean {
  return error instanceof ApiProblem && error.code === "ACQUIRER_UNAVAILABLE";
}

/** Whether the same request may be sent again with the same key: it may or may not have been done. */
export function isUndecided(error: unknown): boolean {
  return !(error instanceof ApiProblem) || NOT_DECIDED.has(error.code);
}

interface Sent<Request> {
  key: string;
  request: Request;
}

/**
 * One request at a time under a name, with its idempotency key; kept until its outcome is known, also over a reload.
 * Requests are compared by their JSON.
 */
export class Undecided<Request> {
  constructor(
    private readonly name: string,
    private readonly isRequest: (value: unknown) => value is Request,
  ) {}

  /** The request whose outcome is not known; null when there is none. */
  get request(): Request | null {
    return this.sent()?.request ?? null;
  }

  /** `key` was sent with `request`; the outcome is unknown. */
  remember(request: Request, key: string): void {
    keep(this.name, { key, request });
  }

  /** Gives the request up; only for one that certainly was not done. */
  leave(): void {
    forget(this.name);
  }

  /**
   * Sends `request`: with the key of the first time when it was sent before, else with `key`, or a new one. While another
   * request is undecided it throws ApiProblem OUTCOME_UNKNOWN and sends nothing: the other one may have been done.
   */
  async run<T>(request: Request, send: (key: string) => Promise<T>, key = newKey()): Promise<T> {
    const before = this.sent();
    if (before !== null && JSON.stringify(before.request) !== JSON.stringify(request)) {
      throw new ApiProblem("OUTCOME_UNKNOWN", "Another request is undecided.");
    }
    const used = before?.key ?? key;
    this.remember(request, used);
    try {
      const answer = await send(used);
      forget(this.name);
      return answer;
    } catch (error) {
      if (!isUndecided(error)) forget(this.name);
      throw error;
    }
  }

  private sent(): Sent<Request> | null {
    const found = kept(this.name);
    if (typeof found !== "object" || found === null || !("key" in found) || !("request" in found)) return null;
    const { key, request } = found;
    return typeof key === "string" && this.isRequest(request) ? { key, request } : null;
  }
}
