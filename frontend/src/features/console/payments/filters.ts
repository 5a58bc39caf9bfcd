/** Filters of the search: as the address and the API have them, and as an operator types them. */
import type { Filters } from "../../../api/desk";
import type { Texts } from "../../../i18n/en";
import { dateAndTime, toLocal, toUtc } from "../../../i18n/time";
import { decimalsOf, formatMoney, MAX_AMOUNT, misreadMoney, parseMoney, toDecimal } from "../../../money/money";
import { hasKey } from "../keys/rules";

/** The API's parameters, in the order in which they are shown. */
export const NAMES = [
  "q", "paymentId", "eventId", "merchantId", "status", "currency", "amount", "amountFrom", "amountTo", "from", "to",
  "requestId", "traceId", "idempotencyKey",
] as const satisfies readonly (keyof Filters)[];

export type Name = (typeof NAMES)[number];

/** Every filter, "" when it is not set. Amounts in minor units, times in UTC. */
export type All = Readonly<Record<Name, string>>;

/** What stands in the form's fields: amounts in the currency's decimals, times in the operator's time zone. */
export type Draft = Record<Name, string>;

export const NONE = Object.fromEntries(NAMES.map((name) => [name, ""])) as Draft;
const AMOUNTS = ["amount", "amountFrom", "amountTo"] as const;
const TIMES = ["from", "to"] as const;
const CURRENCY = /^[A-Z]{3}$/;
const MINOR = /^\d{1,13}$/;

/** Those that are set. */
export function given(filters: All): Filters {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ""));
}

export function setNames(filters: All): Name[] {
  return NAMES.filter((name) => filters[name] !== "");
}

export function draftOf(filters: All): Draft {
  const draft = { ...filters };
  for (const name of AMOUNTS) {
    if (MINOR.test(filters[name]) && CURRENCY.test(filters.currency)) draft[name] = toDecimal(Number(filters[name]), filters.currency);
  }
  for (const name of TIMES) draft[name] = toLocal(filters[name]);
  return draft;
}

export interface Read {
  filters: All;
  /** Why the draft is not searched for; empty: it is. */
  errors: string[];
}

/** The filters that a draft stands for. A time that was not changed since `shown` keeps what the field cannot show. */
export function read(draft: Draft, shown: All, texts: Texts): Read {
  const typed = Object.fromEntries(NAMES.map((name) => [name, draft[name].trim()])) as Draft;
  const errors: string[] = [];
  const filters = { ...typed };
  if (NAMES.some((name) => hasKey(typed[name]))) errors.push(texts.search.isKey);
  for (const name of TIMES) filters[name] = typed[name] === toLocal(shown[name]) ? shown[name] : toUtc(typed[name]);
  if (typed.currency !== "" && !CURRENCY.test(typed.currency)) errors.push(texts.search.badCurrency);
  const amounts = AMOUNTS.filter((name) => typed[name] !== "");
  if (amounts.length > 0 && typed.currency === "") errors.push(texts.search.noCurrency);
  if (CURRENCY.test(typed.currency)) {
    for (const name of amounts) {
      const why = misreadMoney(typed[name], typed.currency);
      if (why === null) filters[name] = String(parseMoney(typed[name], typed.currency));
      else errors.push(`${texts.search.fields[name]}: ${texts.order.misread[why](formatMoney(MAX_AMOUNT, typed.currency, texts.locale), decimalsOf(typed.currency))}`);
    }
  }
  if (typed.amount !== "" && amounts.length > 1) errors.push(texts.search.amountOrRange);
  if (isEmptyRange(filters)) errors.push(texts.search.emptyRange);
  return { filters, errors };
}

function isEmptyRange({ amountFrom, amountTo, from, to }: All): boolean {
  const amounts = MINOR.test(amountFrom) && MINOR.test(amountTo) && Number(amountFrom) > Number(amountTo);
  return amounts || (from !== "" && to !== "" && Date.parse(from) >= Date.parse(to));
}

/** A filter's value for people. */
export function shownValue(name: Name, filters: All, texts: Texts): string {
  const value = filters[name];
  switch (name) {
    case "amount":
    case "amountFrom":
    case "amountTo":
      return MINOR.test(value) && CURRENCY.test(filters.currency)
        ? formatMoney(Number(value), filters.currency, texts.locale)
        : texts.search.minorUnits(value);
    case "from":
    case "to":
      return Number.isNaN(Date.parse(value)) ? value : dateAndTime(value, texts.locale);
    case "status":
      return Object.hasOwn(texts.status, value) ? texts.status[value as keyof Texts["status"]] : value;
    default:
      return value;
  }
}
