import type { ComponentProps } from "react";
import type { Currency } from "../../../api/settlements";
import { useTexts } from "../../../i18n/language";
import { TextField } from "../../../ui/panel";

interface Props extends Omit<ComponentProps<typeof TextField>, "label" | "value" | "onChange"> {
  currency: string;
  onCurrency: (currency: string) => void;
}

/** A currency's code, in capitals however it is typed. */
export function CurrencyField({ currency, onCurrency, ...rest }: Props) {
  const { settlements } = useTexts();
  return (
    <TextField
      label={settlements.currency}
      maxLength={3}
      pattern="[A-Z]{3}"
      title={settlements.currencyHint}
      autoComplete="off"
      spellCheck={false}
      {...rest}
      value={currency}
      onChange={(event) => { onCurrency(event.target.value.toUpperCase()); }}
    />
  );
}

/** Whether a text has the form of a currency's code; the API says whether it knows it. */
export function isCurrency(text: string): text is Currency {
  return /^[A-Z]{3}$/.test(text);
}
