/** Asks for confirmation. The browser's own dialog: it traps the focus and closes with Escape. */
import { useEffect, useId, useRef, type ReactNode } from "react";
import { useTexts } from "../i18n/language";
import { Button } from "./button";
import styles from "./dialog.module.css";

interface Props {
  title: string;
  question: string;
  action: string;
  danger?: boolean;
  busy: boolean;
  children?: ReactNode;
  onConfirm: () => void;
  onClose: () => void;
}

export function Confirm({ title, question, action, danger = false, busy, children, onConfirm, onClose }: Props) {
  const texts = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => { // a dialog that is removed, and not closed, loses the focus
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby={heading} onClose={onClose}>
      <form
        className={styles.body}
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm();
        }}
      >
        <h2 id={heading}>{title}</h2>
        <p>{question}</p>
        {children}
        <div className={styles.actions}>
          <Button onClick={() => dialog.current?.close()}>{texts.state.cancel}</Button>
          <Button type="submit" kind={danger ? "danger" : "primary"} disabled={busy}>{action}</Button>
        </div>
      </form>
    </dialog>
  );
}
