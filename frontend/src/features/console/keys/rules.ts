/** What a new key may be, and how a key's id is read from what an operator types. */
import type { Connector, KeyKind, Merchant, NewMerchant, PayoutChange, Scope } from "../../../api/keys";

/** Queries that a change of a merchant or key has asked again. */
export const CHANGED = ["merchants", "keys"] as const;

export const CONNECTORS: readonly Connector[] = ["none", "simulator"];

export const SCOPES: Record<KeyKind, readonly Scope[]> = {
  MERCHANT: ["payments:write", "refunds:write", "payments:read", "keys:manage", "webhooks:manage", "settlements:read"],
  OPERATOR: ["read", "operate", "administer"],
};

/** Chosen when the dialog opens: what most keys need. */
export const FIRST_SCOPES: Record<KeyKind, readonly Scope[]> = {
  MERCHANT: ["payments:write", "refunds:write", "payments:read"],
  OPERATOR: ["read"],
};

/** Days until a new key ends; 0: it has no end. */
export const LIFETIMES = [0, 7, 30, 90, 365] as const;
/** A person's key ends by itself; one of a merchant would stop its payments. */
export const FIRST_LIFETIME: Record<KeyKind, number> = { MERCHANT: 0, OPERATOR: 90 };
export const DAY_SECONDS = 86_400;

/** Seconds for which a rotated key goes on. */
export const OVERLAPS = [0, 3600, 86_400, 604_800] as const;
export type Overlap = (typeof OVERLAPS)[number];
export const FIRST_OVERLAP: Overlap = 86_400;

/** The networks in a text, as the API takes them; it checks them. */
export function networksOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((part) => part !== "");
}

/** Whether a text has a key in it: a secret, which must not get into an address. */
export function hasKey(text: string): boolean {
  return /po_(?:test|live|oper)_/.test(text);
}

/** The id in a key's text; null when it cannot be read. */
export function keyIdIn(text: string): string | null {
  return /po_(?:test|live|oper)_[0-9A-Za-z]{2}([0-9A-Za-z]{10})(?:_|$)/.exec(text)?.[1] ?? null;
}

export function isKeyId(text: string): boolean {
  return /^[0-9A-Za-z]{10}$/.test(text);
}

/** A new merchant's payout details that are not empty; the API checks them. */
export function payoutDetails(timeZone: string, iban: string): Pick<NewMerchant, "timeZone" | "iban"> {
  const [zone, account] = [timeZone.trim(), iban.replaceAll(/\s/g, "").toUpperCase()];
  return {
    ...(zone === "" ? {} : { timeZone: zone }),
    ...(account === "" ? {} : { iban: account }),
  };
}

/** What differs from the merchant: an empty IBAN removes the one that is there, an empty time zone changes nothing. */
export function payoutChange(of: Pick<Merchant, "timeZone" | "iban">, timeZone: string, iban: string): PayoutChange {
  const { timeZone: zone = of.timeZone, iban: account = null } = payoutDetails(timeZone, iban);
  return {
    ...(zone === of.timeZone ? {} : { timeZone: zone }),
    ...(account === of.iban ? {} : { iban: account }),
  };
}
