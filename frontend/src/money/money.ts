/** Amounts are integers in the currency's minor unit. Nothing here divides or multiplies: text in, text out. */

const NO_DECIMALS = new Set("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(" "));
const THREE_DECIMALS = new Set("BHD IQD JOD KWD LYD OMR TND".split(" "));
export const MAX_AMOUNT = 1_000_000_000_000;

/** ISO 4217; a browser's own table differs (it shows IQD without decimals). A test compares with the API's. */
export function decimalsOf(currency: string): number {
  if (NO_DECIMALS.has(currency)) return 0;
  return THREE_DECIMALS.has(currency) ? 3 : 2;
}

/** (5050, "USD") → "50.50". */
export function toDecimal(amount: number, currency: string): string {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`not an amount of minor units: ${amount}`);
  const decimals = decimalsOf(currency);
  const digits = String(Math.abs(amount)).padStart(decimals + 1, "0");
  const sign = amount < 0 ? "-" : "";
  return decimals === 0 ? sign + digits : `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

export function formatMoney(amount: number, currency: string, locale: string): string {
  const decimals = decimalsOf(currency);
  const format = new Intl.NumberFormat(locale, {
    style: "currency",
    currency,
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return format.format(toDecimal(amount, currency) as Intl.StringNumericLiteral); // exact: it never becomes a float
}

/** "50.5" in USD → 5050; null when it is no amount of this currency from one minor unit to the largest payment. */
export function parseMoney(text: string, currency: string): number | null {
  const decimals = decimalsOf(currency);
  const found = /^(\d{1,13})(?:\.(\d+))?$/.exec(text.trim().replaceAll(/[,\s]/g, ""));
  if (found === null) return null;
  const [, whole = "", fraction = ""] = found;
  if (fraction.length > decimals) return null;
  const amount = Number(whole + fraction.padEnd(decimals, "0"));
  return amount >= 1 && amount <= MAX_AMOUNT ? amount : null;
}
