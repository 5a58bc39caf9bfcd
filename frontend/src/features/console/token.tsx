/** The admin token, only in this component's memory: in no storage, cookie or URL. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createContext, use, useMemo, useState, type ReactNode } from "react";
import { checkToken } from "../../api/operations";
import { useTexts } from "../../i18n/language";
import { Button } from "../../ui/button";
import { Problem } from "../../ui/notice";
import { Panel, TextField } from "../../ui/panel";
import styles from "./console.module.css";

interface Held {
  token: string;
  forget: () => void;
}

/** Given directly only by tests; pages get it from WithToken. */
export const TokenContext = createContext<Held | null>(null);

export function useToken(): Held {
  const held = use(TokenContext);
  if (held === null) throw new Error("WithToken is missing");
  return held;
}

/** Asks for the token before it renders its children. */
export function WithToken({ children }: { children: ReactNode }) {
  const [token, setToken] = useState<string | null>(null);
  const client = useQueryClient();
  const held = useMemo(
    () =>
      token === null
        ? null
        : {
            token,
            forget: () => {
              setToken(null);
              client.clear(); // also the answers to requests with the token
            },
          },
    [token, client],
  );
  return held === null ? <Ask onToken={setToken} /> : <TokenContext value={held}>{children}</TokenContext>;
}

function Ask({ onToken }: { onToken: (token: string) => void }) {
  const texts = useTexts();
  const [text, setText] = useState("");
  const check = useMutation({
    mutationFn: async (token: string) => {
      await checkToken(token);
      return token;
    },
    onSuccess: onToken,
  });
  return (
    <div className={styles.ask}>
      <h1>{texts.console.title}</h1>
      <Panel title={texts.console.enter}>
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            check.mutate(text.trim());
          }}
        >
          <TextField
            label={texts.console.token}
            hint={texts.console.tokenHint}
            type="password"
            autoComplete="off"
            spellCheck={false}
            required
            value={text}
            onChange={(event) => { setText(event.target.value); }}
          />
          <Button type="submit" kind="primary" disabled={check.isPending || text.trim() === ""}>{texts.console.enter}</Button>
          {check.isError && <Problem error={check.error} retry={() => { check.mutate(check.variables); }} />}
        </form>
      </Panel>
    </div>
  );
}
