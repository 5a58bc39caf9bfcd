/** Amounts are integers in the currency's minor unit. Nothing here divides or multiplies: text in, text out. */

const NO_DECIMALS = new Set("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(" "));
const THREE_DECIMALS = new Set("BHD IQD JOD KWD LYD OMR TND".split(" "));
export const MAX_AMOUNT = 1_000_000_000_000;

/** ISO 4217; a browser's own table differs (it shows IQD without decimals). A test compares with the API's. */
export function decimalsOf(currency: string): number {
  if (NO_DECIMALS.has(currency)) return 0;
  return THREE_DECIMALS.has(currency) ? 3 : 2;
}

/** Sums can be beyond 2^53, the largest whole number that a `number` holds exactly: then they are a bigint. */
export type Minor = number | bigint;

/** (5050, "USD") → "50.50". RangeError for anything but an exact whole number. */
export function toDecimal(amount: Minor, currency: string): string {
  if (typeof amount === "number" && !Number.isSafeInteger(amount)) throw new RangeError(`not an amount of minor units: ${amount}`);
  const decimals = decimalsOf(currency);
  const sign = amount < 0 ? "-" : "";
  const digits = String(amount < 0 ? -amount : amount).padStart(decimals + 1, "0");
  return decimals === 0 ? sign + digits : `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

const NO_AMOUNT = "—";

/** An amount in the format of `locale`. Never throws: an inexact amount is a dash, an unknown currency its code. */
export function formatMoney(amount: Minor, currency: string, locale: string): string {
  if (typeof amount !== "bigint" && !Number.isSafeInteger(amount)) return NO_AMOUNT;
  const decimals = decimalsOf(currency);
  const text = toDecimal(amount, currency);
  try {
    const format = new Intl.NumberFormat(locale, {
      style: "currency",
      currency,
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
    return format.format(text as Intl.StringNumericLiteral); // exact: it never becomes a float
  } catch {
    return `${text} ${currency}`; // not three letters
  }
}

/** Why a text is not an amount: a comma that groups no thousands, more decimals than the currency has, too small or large. */
export type Misread = "comma" | "decimals" | "range" | "format";

/** Digits, with or without commas between groups of three; a point before the decimals. "0,500" groups nothing. */
const AMOUNT = /^(\d+|[1-9]\d{0,2}(?:,\d{3})+)(?:\.(\d+))?$/;

function read(text: string, currency: string): number | Misread {
  const decimals = decimalsOf(currency);
  const found = AMOUNT.exec(text.trim());
  if (found === null) return text.includes(",") ? "comma" : "format";
  const [, whole = "", fraction = ""] = found;
  if (fraction.length > decimals) return "decimals";
  const amount = Number(whole.replaceAll(",", "") + fraction.padEnd(decimals, "0"));
  return amount >= 1 && amount <= MAX_AMOUNT ? amount : "range";
}

/** "50.5" in USD → 5050; null when it is not an amount of this currency from one minor unit to the largest payment. */
export function parseMoney(text: string, currency: string): number | null {
  const amount = read(text, currency);
  return typeof amount === "number" ? amount : null;
}

/** Why `parseMoney` does not accept a text; null when it does. */
export function misreadMoney(text: string, currency: string): Misread | null {
  const amount = read(text, currency);
  return typeof amount === "number" ? null : amount;
}
