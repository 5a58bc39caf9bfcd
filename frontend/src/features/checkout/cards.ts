/** Test cards: Stripe's public numbers, the only ones that the acquirer's simulator takes. */
import type { Card } from "../../api/cards";

export const CARD_NAMES = ["approved", "declined", "insufficientFunds", "expired", "processingError", "disputeLater"] as const;
export type CardName = (typeof CARD_NAMES)[number];

const NUMBERS: Record<CardName, string> = {
  approved: "4242424242424242",
  declined: "4000000000000002",
  insufficientFunds: "4000000000009995",
  expired: "4000000000000069",
  processingError: "4000000000000119",
  disputeLater: "4000000000000259",
};

export function cardOf(name: CardName): Card {
  return { number: NUMBERS[name], expiry: "12/34", cvc: "123" };
}

export function lastFour(name: CardName): string {
  return NUMBERS[name].slice(-4);
}
