import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiProblem } from "../../api/client";
import { healthQuery } from "../../api/desk";
import { currentCaller, type Caller } from "../../api/keys";
import { problemText, useTexts } from "../../i18n/language";
import { Button } from "../../ui/button";
import { Coded } from "../../ui/coded";
import { Notice, Problem } from "../../ui/notice";
import { Panel, TextField } from "../../ui/panel";
import styles from "./console.module.css";

/** What /api-keys/current said of the key. */
export interface Entered {
  token: string;
  caller: Caller;
}

/** Asks for an operator's key; where merchants need no key, the admin token does, too. `ended`: why the last key did not go on. */
export function Login({ ended, onEnter }: { ended: ApiProblem | null; onEnter: (entered: Entered) => void }) {
  const texts = useTexts();
  const health = useQuery(healthQuery());
  const [text, setText] = useState("");
  const enter = useMutation({
    mutationFn: async () => ({ token: text.trim(), caller: await callerOf(text.trim()) }),
    onSuccess: (entered) => { if (entered.caller.kind === "OPERATOR") onEnter(entered); },
    gcTime: 0, // it holds the key
  });
  return (
    <div className={styles.ask}>
      <h1>{texts.operator.title}</h1>
      {ended !== null && !enter.isPending && enter.isIdle && (
        <Notice tone="warn">
          <p>{texts.operator.ended(problemText(texts, ended.code))}</p>
          <p>{texts.operator.sameAddress}</p>
        </Notice>
      )}
      <Panel title={texts.operator.enter}>
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            enter.mutate();
          }}
        >
          <TextField
            label={texts.operator.key}
            hint={<Coded text={texts.operator.hint[health.data?.auth ?? "unknown"]} />}
            type="password"
            autoComplete="off"
            spellCheck={false}
            required
            value={text}
            onChange={(event) => { setText(event.target.value); }}
          />
          <Button type="submit" kind="primary" disabled={enter.isPending || text.trim() === ""}>{texts.operator.enter}</Button>
          {enter.isError && <Problem error={enter.error} retry={() => { enter.mutate(); }} />}
          {enter.data?.caller.kind === "MERCHANT" && <Notice tone="bad">{texts.operator.ofMerchant(enter.data.caller.merchantId ?? "")}</Notice>}
        </form>
      </Panel>
    </div>
  );
}

/** Throws ApiProblem when it is neither a key nor the admin token. */
async function callerOf(text: string) {
  // A browser sends no other characters in a header; an input method for Korean was on, for example.
  if (!/^[\x21-\x7e]+$/.test(text)) throw new ApiProblem("UNAUTHORIZED", "The key has characters that no key has.");
  return await currentCaller(text);
}
