/** Merchants and their keys, and operators' keys. The address says which. */
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { useTexts } from "../../../i18n/language";
import { Button } from "../../../ui/button";
import { TextField } from "../../../ui/panel";
import styles from "../console.module.css";
import { KEYS, KEYS_OF_OPERATORS, foundPath } from "../frame/ids";
import { Views } from "../frame/views";
import { Found } from "./found";
import { Keys } from "./keys";
import own from "./keys.module.css";
import { MerchantKeys } from "./merchant";
import { Merchants } from "./merchants";

const LONGEST_ID = 64;

export default function KeysPage() {
  const [search] = useSearchParams();
  const texts = useTexts();
  const merchantId = search.get("merchantId") ?? "";
  const q = search.get("q") ?? "";
  const isOperators = search.get("of") === "operators";
  const isList = merchantId === "" && q === "" && !isOperators;
  return (
    <div className={styles.stack}>
      <div className={own.views}>
        <Views
          label={texts.keys.views}
          views={[
            { to: KEYS, name: texts.keys.merchants, current: isList ? "page" : merchantId !== "" ? "true" : undefined },
            { to: KEYS_OF_OPERATORS, name: texts.keys.operators, current: isOperators ? "page" : undefined },
          ]}
        />
        <Find />
      </div>
      {merchantId !== "" && <MerchantKeys key={merchantId} id={merchantId} />}
      {merchantId === "" && q !== "" && <Found key={q} id={q} />}
      {merchantId === "" && q === "" && isOperators && <Keys title={texts.keys.operators} filter={{ kind: "OPERATOR" }} of={null} />}
      {isList && <Merchants />}
    </div>
  );
}

/** A key that is pasted as a whole is found by its id; its secret does not get into the address. */
function Find() {
  const texts = useTexts();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  return (
    <form
      className={styles.withButton}
      onSubmit={(event) => {
        event.preventDefault();
        setText("");
        void navigate(foundPath(text.trim()));
      }}
    >
      <TextField label={texts.keys.find} placeholder={texts.keys.findHint} required maxLength={LONGEST_ID} autoComplete="off" spellCheck={false} value={text} onChange={(event) => { setText(event.target.value); }} />
      <Button type="submit">{texts.keys.show}</Button>
    </form>
  );
}
