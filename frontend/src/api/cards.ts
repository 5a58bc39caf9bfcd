/**
 * Cards of the shop's customers. Their numbers go from the browser to the acquirer, which gives a token; the platform gets
 * the token alone. Nothing of a card is kept.
 */
import { queryOptions } from "@tanstack/react-query";
import { ApiProblem, request } from "./client";

export interface Card {
  number: string;
  /** MM/YY */
  expiry: string;
  cvc: string;
}

/** Where tokens come from. */
export interface Acquirer {
  tokensUrl: string;
  publishableKey: string;
}

/** What GET /shop/acquirer answers. */
interface Answered {
  connector: string;
  tokensUrl: string | null;
  publishableKey: string | null;
}

const KNOWN_FOR_MS = 60_000;
const WITHIN_MS = 10_000;

/** The acquirer of the shop's merchant; null where it has none, or none that browsers can reach: no card is asked for. */
export function acquirerQuery() {
  return queryOptions({
    queryKey: ["shop-acquirer"],
    queryFn: async ({ signal }): Promise<Acquirer | null> => {
      const { connector, tokensUrl, publishableKey } = (await (await request("get", "/shop/acquirer", { signal })).json()) as Answered;
      return connector === "none" || tokensUrl === null || publishableKey === null ? null : { tokensUrl, publishableKey };
    },
    staleTime: KNOWN_FOR_MS,
  });
}

/**
 * A token for the card. Throws ApiProblem CARD_NOT_ACCEPTED when the acquirer does not take the card, CARD_TOKEN_MISSING
 * when there is no token for another reason; nothing was charged then, for the platform has not been asked.
 */
export async function tokenFor(card: Card, { tokensUrl, publishableKey }: Acquirer): Promise<string> {
  try {
    const response = await request("post", tokensUrl, { body: card, token: publishableKey, signal: AbortSignal.timeout(WITHIN_MS) });
    const { token } = (await response.json()) as { token?: unknown };
    if (typeof token === "string") return token;
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 402) throw new ApiProblem("CARD_NOT_ACCEPTED", error.message, error.status);
  }
  throw new ApiProblem("CARD_TOKEN_MISSING", "The acquirer gave no token.");
}
