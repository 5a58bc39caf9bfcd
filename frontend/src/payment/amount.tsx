import { useTexts } from "../i18n/language";
import { formatMoney, type Minor } from "../money/money";

/** An amount of minor units as people write it. */
export function Amount({ minor, currency }: { minor: Minor; currency: string }) {
  return <span style={{ fontVariantNumeric: "tabular-nums" }}>{formatMoney(minor, currency, useTexts().locale)}</span>;
}
