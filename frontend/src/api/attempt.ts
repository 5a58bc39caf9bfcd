/** Idempotency keys: one for each thing that somebody wants done, however often it has to be sent. */
import { ApiProblem } from "./client";

/** A UUID. `crypto.randomUUID` is missing on plain http:// pages of other machines, as VMs have them. */
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
  "REQUEST_IN_PROGRESS",
  "RATE_LIMIT_EXCEEDED",
]);

/** Whether the same request may be sent again with the same key: it may have been done, or was not looked at. */
export function isUndecided(error: unknown): boolean {
  return !(error instanceof ApiProblem) || NOT_DECIDED.has(error.code);
}

/** Hands out the key of a wish. The wish keeps its key until it was decided; then, or with other words, it is a new one. */
export class Attempts {
  private open = new Map<string, string>();

  keyFor(wish: string): string {
    const key = this.open.get(wish) ?? newKey();
    this.open.set(wish, key);
    return key;
  }

  async run<T>(wish: string, send: (key: string) => Promise<T>): Promise<T> {
    try {
      const answer = await send(this.keyFor(wish));
      this.open.delete(wish);
      return answer;
    } catch (error) {
      if (!isUndecided(error)) this.open.delete(wish);
      throw error;
    }
  }
}
