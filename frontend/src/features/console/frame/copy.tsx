/** A button that copies an id, and says so. */
import { useEffect, useState } from "react";
import { useTexts } from "../../../i18n/language";
import styles from "./copy.module.css";

const SHOWN_MS = 2500;

/** The clipboard's API is missing on plain http:// pages of other machines, as VMs have them. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only other way
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

export function CopyButton({ name, text }: { name: string; text: string }) {
  const texts = useTexts();
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => { setSaid(""); }, SHOWN_MS);
    return () => { clearTimeout(timer); };
  }, [said]);
  const start = async () => { setSaid((await copy(text)) ? texts.frame.copied : texts.frame.notCopied); };
  return (
    <span className={styles.copy}>
      <button type="button" className={styles.button} aria-label={texts.frame.copyOf(name)} title={texts.frame.copy} onClick={() => { void start(); }} />
      <span role="status" className={styles.said}>{said}</span>
    </span>
  );
}
