/** Balances by currency: amounts of different currencies have no sum. */
import type { Schema } from "../../../api/client";
import type { Minor } from "../../../money/money";

export type Balance = Schema["Balance"];

export interface CurrencyBalances {
  currency: string;
  items: readonly Balance[];
  debits: Minor;
  credits: Minor;
}

/** In the order of their codes. */
export function byCurrency(items: readonly Balance[]): CurrencyBalances[] {
  const codes = [...new Set(items.map(({ currency }) => currency))].sort();
  return codes.map((currency) => {
    const own = items.filter((item) => item.currency === currency);
    return { currency, items: own, debits: sum(own.map(({ debits }) => debits)), credits: sum(own.map(({ credits }) => credits)) };
  });
}

/** Exact, however large: a sum is beyond 2^53 before its parts are. */
function sum(amounts: readonly Minor[]): Minor {
  return amounts.reduce<bigint>((total, amount) => total + BigInt(amount), 0n);
}

/** "South Korean won"; the code where the browser knows no name. */
export function currencyName(code: string, locale: string): string {
  try {
    return new Intl.DisplayNames(locale, { type: "currency" }).of(code) ?? code;
  } catch {
    return code;
  }
}
