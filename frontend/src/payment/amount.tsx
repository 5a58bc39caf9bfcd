import { useTexts } from "../i18n/language";
import { formatMoney, type Minor } from "../money/money";

/** A formatted amount of minor units. */
export function Amount({ minor, currency }: { minor: Minor; currency: string }) {
  return <span style={{ fontVariantNumeric: "tabular-nums" }}>{formatMoney(minor, currency, useTexts().locale)}</span>;
}
