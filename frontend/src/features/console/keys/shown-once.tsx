/** A new key's text, once. Escape does not close it, as nothing can show the text again. */
import { useEffect, useId, useRef } from "react";
import type { NewApiKey } from "../../../api/keys";
import { useTexts } from "../../../i18n/language";
import { Button } from "../../../ui/button";
import dialogStyles from "../../../ui/dialog.module.css";
import { Notice } from "../../../ui/notice";
import { CopyButton } from "../frame/copy";
import own from "./keys.module.css";

export function ShownOnce({ made, onClose }: { made: NewApiKey; onClose: () => void }) {
  const { keys } = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const shown = dialog.current;
    const stay = (event: KeyboardEvent) => { if (event.key === "Escape") event.preventDefault(); };
    shown?.showModal();
    shown?.addEventListener("keydown", stay); // browsers let a second Escape in a row pass `cancel`
    return () => { shown?.removeEventListener("keydown", stay); };
  }, []);
  return (
    <dialog ref={dialog} className={dialogStyles.dialog} aria-labelledby={heading} onCancel={(event) => { event.preventDefault(); }} onClose={onClose}>
      <div className={dialogStyles.body}>
        <h2 id={heading}>{keys.once}</h2>
        <Notice tone="warn">{keys.onceAbout}</Notice>
        <p>{made.name} · {made.merchantId ?? keys.ofOperators}</p>
        <code className={own.secret} data-testid="new-key">{made.key}</code>
        <div className={dialogStyles.actions}>
          <span className={own.copy}><CopyButton name={keys.copyKey} text={made.key} label={keys.copyKey} /></span>
          <Button onClick={() => dialog.current?.close()}>{keys.done}</Button>
        </div>
      </div>
    </dialog>
  );
}
