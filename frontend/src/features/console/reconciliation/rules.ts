/** The two sides of an exception beside each other, and what an operator can do with it. */
import type { ReconException } from "../../../api/reconciliation";
import { LARGEST_FILE } from "../../../api/reconciliation";

export function secondsSince(iso: string, now: number): number {
  return Math.max(0, (now - Date.parse(iso)) / 1000);
}

export type Field = "reference" | "acquirerReference" | "kind" | "currency" | "gross";
const FIELDS: readonly Field[] = ["reference", "acquirerReference", "kind", "currency", "gross"];

export interface Compared {
  field: Field;
  /** Null: this side has nothing. */
  atAcquirer: string | number | null;
  ours: string | number | null;
  /** Both have it, and not the same. */
  differs: boolean;
}

/** What our operation should have in the file: a refund is negative there. */
function expectedGross({ kind, amount }: NonNullable<ReconException["operation"]>): number {
  return kind === "refund" ? -amount : amount;
}

/** Field by field. An acquirer's reference that we do not know is no difference. */
export function compare({ line, operation }: Pick<ReconException, "line" | "operation">): Compared[] {
  const ours = operation === null ? null : { ...operation, gross: expectedGross(operation) };
  return FIELDS.map((field) => {
    const pair = { atAcquirer: line?.[field] ?? null, ours: ours?.[field] ?? null };
    return { field, ...pair, differs: pair.atAcquirer !== null && pair.ours !== null && pair.atAcquirer !== pair.ours };
  });
}

/** Whether an operator can still end it. */
export function mayEnd({ state }: Pick<ReconException, "state">): boolean {
  return state === "OPEN" || state === "WAITING";
}

/** Why a file cannot be uploaded; null when it can. */
export function refusedFile({ size }: Pick<File, "size">): "empty" | "tooLarge" | null {
  if (size === 0) return "empty";
  return size > LARGEST_FILE ? "tooLarge" : null;
}
