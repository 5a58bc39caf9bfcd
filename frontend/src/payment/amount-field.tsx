/** A field for an amount up to a limit, in the currency's decimals, with its error beside it. */
import { useId } from "react";
import { useTexts } from "../i18n/language";
import { decimalsOf, formatMoney, misreadMoney, parseMoney, toDecimal } from "../money/money";
import { Button } from "../ui/button";
import { Notice } from "../ui/notice";
import { TextField } from "../ui/panel";
import styles from "./amount-field.module.css";

/** The amount in minor units that a text stands for; null when it is none, or more than `limit`. */
export function amountWithin(text: string, currency: string, limit: number): number | null {
  const amount = parseMoney(text, currency);
  return amount !== null && amount <= limit ? amount : null;
}

interface Props {
  label: string;
  currency: string;
  /** The largest amount, in minor units. */
  limit: number;
  text: string;
  onText: (text: string) => void;
}

export function AmountField({ label, currency, limit, text, onText }: Props) {
  const texts = useTexts();
  const error = useId();
  const good = amountWithin(text, currency, limit) !== null;
  const half = Math.floor(limit / 2);
  const why = texts.order.misread[misreadMoney(text, currency) ?? "range"];
  return (
    <div className={styles.field}>
      <div className={styles.amount}>
        <TextField
          label={`${label} (${currency})`}
          inputMode="decimal"
          autoComplete="off"
          value={text}
          aria-invalid={!good}
          aria-errormessage={good ? undefined : error}
          onChange={(event) => { onText(event.target.value); }}
        />
        <Button disabled={half === 0} onClick={() => { onText(toDecimal(half, currency)); }}>{texts.order.half}</Button>
        <Button onClick={() => { onText(toDecimal(limit, currency)); }}>{texts.order.all}</Button>
      </div>
      {!good && (
        <div id={error}>
          <Notice tone="bad">{why(formatMoney(limit, currency, texts.locale), decimalsOf(currency))}</Notice>
        </div>
      )}
    </div>
  );
}
