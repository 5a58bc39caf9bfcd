/** Ids as links: to the page of what they name, or to the search that finds it. */
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { LedgerEntry } from "../../../api/desk";
import { keyIdIn, hasKey } from "../keys/rules";

/** State of a link to the search: with exactly one hit, its page is opened instead of the list. */
export const DIRECT = { direct: true } as const;

export function isDirect(state: unknown): boolean {
  return typeof state === "object" && state !== null && "direct" in state;
}

export function PaymentLink({ id, children = id }: { id: number | string; children?: ReactNode }) {
  return <Link to={`/console/payments/${id}`}>{children}</Link>;
}

/** To the payment of this event. */
export function EventLink({ id, children = id }: { id: number | string; children?: ReactNode }) {
  return <Link to={`/console/payments?eventId=${id}`} state={DIRECT}>{children}</Link>;
}

/** To this merchant's payments. */
export function MerchantLink({ id, children = id }: { id: string; children?: ReactNode }) {
  return <Link to={`/console/payments?merchantId=${encodeURIComponent(id)}`}>{children}</Link>;
}

export function DeadLetterLink({ id, children = id }: { id: number | string; children?: ReactNode }) {
  return <Link to={`/console/dead-letters/${id}`}>{children}</Link>;
}

/** The operations at acquirers. */
export const OPERATIONS = "/console/acquirer";

export function OperationLink({ id, children = id }: { id: number | string; children?: ReactNode }) {
  return <Link to={`${OPERATIONS}/${id}`}>{children}</Link>;
}

/** To the audit's findings about this payment. */
export function FindingsLink({ paymentId, children = paymentId }: { paymentId: number | string; children?: ReactNode }) {
  return <Link to={`/console/audit?paymentId=${paymentId}`}>{children}</Link>;
}

/** To the entries of this payment in the ledger. */
export function EntriesLink({ paymentId, children = paymentId }: { paymentId: number | string; children?: ReactNode }) {
  return <Link to={`/console/ledger?paymentId=${paymentId}`}>{children}</Link>;
}

export const SETTLEMENTS = "/console/settlements";
export const PAYOUT_FILES = `${SETTLEMENTS}?view=files`;
export const ADJUSTMENTS = `${SETTLEMENTS}?view=adjustments`;
export const RECONCILIATION = "/console/reconciliation";
export const RECON_FILES = `${RECONCILIATION}?view=files`;
export const FEES = "/console/fees";

/** One acquirer's file. */
export function fileOf(id: number | string): string {
  return `${RECON_FILES}&file=${id}`;
}

export function BatchLink({ id, children = id }: { id: number | string; children?: ReactNode }) {
  return <Link to={`${SETTLEMENTS}/${id}`}>{children}</Link>;
}

/** To the settlement batches of this merchant. */
export function BatchesLink({ merchantId, currency, children }: { merchantId: string; currency: string; children: ReactNode }) {
  return <Link to={`${SETTLEMENTS}?${new URLSearchParams({ merchantId, currency }).toString()}`}>{children}</Link>;
}

export function ExceptionLink({ id, children = id }: { id: number | string; children?: ReactNode }) {
  return <Link to={`${RECONCILIATION}/${id}`}>{children}</Link>;
}

/** To where a posting without a payment comes from; a payout has no page. */
export function SourceLink({ type, id, children }: { type: NonNullable<LedgerEntry["sourceType"]>; id: number; children: ReactNode }) {
  switch (type) {
    case "settlement_batch":
      return <BatchLink id={id}>{children}</BatchLink>;
    case "recon_exception":
      return <ExceptionLink id={id}>{children}</ExceptionLink>;
    case "adjustment":
      return <Link to={ADJUSTMENTS}>{children}</Link>;
    case "recon_file":
      return <Link to={fileOf(id)}>{children}</Link>;
    case "payout":
      return children;
  }
}

export const KEYS = "/console/keys";
export const KEYS_OF_OPERATORS = `${KEYS}?of=operators`;

/** A merchant with its keys. */
export function merchantPath(id: string): string {
  return `${KEYS}?${new URLSearchParams({ merchantId: id }).toString()}`;
}

/** The merchant or key with this id. A whole key is looked up by its id: its secret must not get into an address. */
export function foundPath(text: string): string {
  const id = hasKey(text) ? keyIdIn(text) : text;
  return id === null ? KEYS : `${KEYS}?${new URLSearchParams({ q: id }).toString()}`;
}

/** The pages of what an operator's action can be about, by how its target is named. */
const TARGETS: Record<string, (id: string) => string> = {
  payment: (id) => `/console/payments/${id}`,
  "dead letter": (id) => `/console/dead-letters/${id}`,
  operation: (id) => `${OPERATIONS}/${id}`,
  batch: (id) => `${SETTLEMENTS}/${id}`,
  adjustment: () => ADJUSTMENTS,
  "payout file": () => PAYOUT_FILES,
  "fee schedule": () => FEES,
  exception: (id) => `${RECONCILIATION}/${id}`,
  file: fileOf,
  merchant: merchantPath,
  key: foundPath,
};

/** What an operator's action was about ("payment 7", "operation 5 (payment 7)", "batch 3", "merchant M1", "key 0123456789"), as a link where it has a page. */
export function TargetLink({ target }: { target: string }) {
  const [, kind = "", id = ""] = /^([a-z]+(?: letter| file| schedule)?) (.+?)(?: \(payment \d+\))?$/.exec(target) ?? [];
  if (kind === "event") return <EventLink id={id}>{target}</EventLink>;
  const path = TARGETS[kind]?.(id);
  return path === undefined ? target : <Link to={path}>{target}</Link>;
}
