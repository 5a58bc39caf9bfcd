import { useState } from "react";
import { useTexts } from "../../../i18n/language";
import { Button } from "../../../ui/button";
import { TextField } from "../../../ui/panel";
import { CurrencyField } from "./currency-field";
import styles from "./of-merchant.module.css";

const LONGEST_ID = 32;

interface Props {
  merchantId: string;
  currency: string;
  onFilter: (filter: { merchantId: string; currency: string }) => void;
}

/** Filters a list by merchant and currency; give it both as its key, too. */
export function OfMerchant({ merchantId, currency, onFilter }: Props) {
  const texts = useTexts();
  const [merchant, setMerchant] = useState(merchantId);
  const [code, setCode] = useState(currency);
  return (
    <form
      className={styles.fields}
      onSubmit={(event) => {
        event.preventDefault();
        onFilter({ merchantId: merchant.trim(), currency: code });
      }}
    >
      <TextField label={texts.console.merchant} maxLength={LONGEST_ID} placeholder={texts.console.any} value={merchant} onChange={(event) => { setMerchant(event.target.value); }} />
      <CurrencyField placeholder={texts.console.any} currency={code} onCurrency={setCode} />
      <Button type="submit">{texts.ledger.show}</Button>
      {(merchantId !== "" || currency !== "") && <Button kind="quiet" onClick={() => { onFilter({ merchantId: "", currency: "" }); }}>{texts.console.any}</Button>}
    </form>
  );
}
