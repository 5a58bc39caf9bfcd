/** The paymentId that a message names; null when its payload is not JSON, or names none. It may not exist. */
export function paymentIdOf(payload: string): number | null {
  try {
    const message = JSON.parse(payload) as unknown;
    if (typeof message !== "object" || message === null || !("paymentId" in message)) return null;
    const { paymentId } = message;
    return Number.isSafeInteger(paymentId) && (paymentId as number) > 0 ? (paymentId as number) : null;
  } catch {
    return null;
  }
}
