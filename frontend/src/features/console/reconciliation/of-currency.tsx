import { useState } from "react";
import { useTexts } from "../../../i18n/language";
import { Button } from "../../../ui/button";
import styles from "../console.module.css";
import { CurrencyField } from "../frame/currency-field";

/** Filters a list by currency; give it the currency as its key, too. */
export function OfCurrency({ currency, onFilter }: { currency: string; onFilter: (currency: string) => void }) {
  const texts = useTexts();
  const [code, setCode] = useState(currency);
  return (
    <form
      className={styles.withButton}
      onSubmit={(event) => {
        event.preventDefault();
        onFilter(code);
      }}
    >
      <CurrencyField placeholder={texts.console.any} currency={code} onCurrency={setCode} />
      <Button type="submit">{texts.ledger.show}</Button>
    </form>
  );
}
