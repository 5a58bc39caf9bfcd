/** A fee schedule as an operator types it. */
import type { NewSchedule } from "../../../api/settlements";
import { toUtc } from "../../../i18n/time";
import { isCurrency } from "../frame/currency-field";
import { amountOrZero, ANY, basisPointsOf } from "./rules";

export interface Typed {
  /** "" is any merchant. */
  merchantId: string;
  currency: string;
  /** Percent. */
  share: string;
  fixed: string;
  minimum: string;
  /** "" is no maximum. */
  maximum: string;
  onRefund: NewSchedule["onRefund"];
  /** As a field of type datetime-local has it. */
  validFrom: string;
}

export type Fault = "currency" | "share" | "fixed" | "minimum" | "maximum" | "order" | "validFrom";

/** The schedule, or null and what is wrong. A share that is not typed yet is missing, but not wrong. */
export function scheduleOf(typed: Typed): { schedule: NewSchedule | null; faults: ReadonlySet<Fault> } {
  const { currency, onRefund } = typed;
  const basisPoints = basisPointsOf(typed.share);
  const fixed = amountOrZero(typed.fixed, currency);
  const minimum = amountOrZero(typed.minimum, currency);
  const hasMaximum = typed.maximum.trim() !== "";
  const maximum = hasMaximum ? amountOrZero(typed.maximum, currency) : null;
  const validFrom = toUtc(typed.validFrom);
  const faults = new Set<Fault>();
  const check = (isGood: boolean, fault: Fault) => { if (!isGood) faults.add(fault); };
  check(isCurrency(currency) || currency === "", "currency");
  check(basisPoints !== null || typed.share === "", "share");
  check(fixed !== null, "fixed");
  check(minimum !== null, "minimum");
  check(!hasMaximum || maximum !== null, "maximum");
  check(minimum === null || maximum === null || minimum <= maximum, "order");
  check(validFrom !== "", "validFrom");
  if (faults.size > 0 || basisPoints === null || fixed === null || minimum === null || !isCurrency(currency)) return { schedule: null, faults };
  const merchantId = typed.merchantId.trim() || ANY;
  return { schedule: { merchantId, currency, basisPoints, fixed, minimum, maximum, onRefund, validFrom }, faults };
}
