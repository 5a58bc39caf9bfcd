/** Finds anything by its id from every page of the console; "/" puts the cursor there. */
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useTexts } from "../../../i18n/language";
import { Button } from "../../../ui/button";
import { hasKey } from "../keys/rules";
import { DIRECT, foundPath } from "./ids";
import styles from "./search-box.module.css";

export const SEARCH = "/console/payments";

/** Whether a key is typed into something: then "/" is only a character. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, select, textarea"));
}

export function SearchBox() {
  const texts = useTexts();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
      if (event.key !== "/" || !plain || isTyping(event.target) || document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener("keydown", focus);
    return () => { document.removeEventListener("keydown", focus); };
  }, []);
  return (
    <form
      role="search"
      className={styles.box}
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = text.trim();
        if (hasKey(wanted)) {
          setText("");
          void navigate(foundPath(wanted));
          return;
        }
        void navigate(wanted === "" ? SEARCH : `${SEARCH}?${new URLSearchParams({ q: wanted }).toString()}`, { state: wanted === "" ? null : DIRECT });
      }}
    >
      <span className={styles.field}>
        <input
          ref={input}
          type="search"
          aria-label={texts.frame.findAny}
          aria-keyshortcuts="/"
          placeholder={texts.frame.findHint}
          autoComplete="off"
          spellCheck={false}
          maxLength={128}
          value={text}
          onChange={(event) => { setText(event.target.value); }}
        />
        <kbd className={styles.key} aria-hidden="true">/</kbd>
      </span>
      <Button type="submit">{texts.frame.find}</Button>
    </form>
  );
}
