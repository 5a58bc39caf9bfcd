import { useState } from "react";
import { useTexts } from "../../../i18n/language";
import { Button } from "../../../ui/button";
import { TextField } from "../../../ui/panel";
import styles from "../console.module.css";

/** Filters a list by a payment's id; give it the id as its key, too. */
export function OfPayment({ paymentId, onFilter }: { paymentId: string; onFilter: (paymentId: string) => void }) {
  const texts = useTexts();
  const [text, setText] = useState(paymentId);
  return (
    <form
      className={styles.withButton}
      onSubmit={(event) => {
        event.preventDefault();
        onFilter(text.trim());
      }}
    >
      <TextField label={texts.console.paymentId} inputMode="numeric" pattern="\s*[1-9][0-9]{0,14}\s*" title={texts.ledger.idNeeded} value={text} onChange={(event) => { setText(event.target.value); }} />
      <Button type="submit">{texts.findings.apply}</Button>
    </form>
  );
}
