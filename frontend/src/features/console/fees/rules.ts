/** What a schedule costs, as payments/settlement/fees.py computes it, and how it is typed. Integers only. */
import type { FeeSchedule, NewSchedule } from "../../../api/settlements";
import { decimalsOf, parseMoney, toDecimal } from "../../../money/money";

export const ANY = "*";
/** How long before it is in force a schedule has to be added. */
export const NOTICE_SECONDS = 3600;
const LARGEST_SHARE = 10_000;

type Cost = Pick<NewSchedule, "basisPoints" | "fixed" | "minimum" | "maximum">;

/** The fee of a payment that is captured at once, in minor units. */
export function feeOf({ basisPoints, fixed, minimum, maximum }: Cost, amount: number): number {
  if (amount === 0) return 0;
  const share = Number((BigInt(amount) * BigInt(basisPoints) + 5000n) / 10_000n);
  const least = Math.max(share + fixed, minimum);
  return maximum === null ? least : Math.min(least, maximum);
}

/** 100.00, or what is of that size in a currency without cents. */
export function exampleAmount(currency: string): number {
  return decimalsOf(currency) === 2 ? 10_000 : 100_000;
}

/** "1.5" → 150 basis points; null when it is no percentage from 0 to 100 with up to two decimals. */
export function basisPointsOf(text: string): number | null {
  const [, whole = "", fraction = ""] = /^(\d{1,3})(?:\.(\d{1,2}))?$/.exec(text.trim()) ?? [];
  if (whole === "") return null;
  const points = Number(whole + fraction.padEnd(2, "0"));
  return points <= LARGEST_SHARE ? points : null;
}

/** 150 → "1.50" */
export function percentOf(basisPoints: number): string {
  return toDecimal(basisPoints, "USD");
}

/** An amount that may be 0; an empty text is 0, too. Null when it is none. */
export function amountOrZero(text: string, currency: string): number | null {
  return /^(0+(\.0*)?)?$/.test(text.trim()) ? 0 : parseMoney(text, currency);
}

export type Phase = "inForce" | "later" | "ended";

/** Whether the schedule counts now: the newest of its merchant and currency that has begun. */
export function phaseOf(schedule: FeeSchedule, all: readonly FeeSchedule[], now: number): Phase {
  const from = Date.parse(schedule.validFrom);
  if (from > now) return "later";
  const isReplaced = all.some((other) => {
    const isSame = other.merchantId === schedule.merchantId && other.currency === schedule.currency;
    return isSame && Date.parse(other.validFrom) > from && Date.parse(other.validFrom) <= now;
  });
  return isReplaced ? "ended" : "inForce";
}
