/** A button that copies an id, and says so. */
import { useEffect, useState, type MouseEvent } from "react";
import { useTexts } from "../../../i18n/language";
import { Button } from "../../../ui/button";
import styles from "./copy.module.css";

const SHOWN_MS = 2500;

/**
 * The clipboard's API is missing on plain http:// pages of other machines, as VMs have them. A field in `beside` takes
 * its place: in a dialog nothing outside of it can be selected.
 */
async function copy(text: string, beside: Element): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    beside.append(field);
    field.select();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only other way
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

interface Props {
  name: string;
  text: string;
  /** Words on the button, instead of the sign. */
  label?: string;
}

export function CopyButton({ name, text, label }: Props) {
  const texts = useTexts();
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => { setSaid(""); }, SHOWN_MS);
    return () => { clearTimeout(timer); };
  }, [said]);
  const start = async (button: Element) => { setSaid((await copy(text, button.parentElement ?? button)) ? texts.frame.copied : texts.frame.notCopied); };
  const onClick = (event: MouseEvent<HTMLButtonElement>) => { void start(event.currentTarget); };
  return (
    <span className={styles.copy}>
      {label === undefined
        ? <button type="button" className={styles.button} aria-label={texts.frame.copyOf(name)} title={texts.frame.copy} onClick={onClick} />
        : <Button kind="primary" onClick={onClick}>{label}</Button>}
      <span role="status" className={styles.said}>{said}</span>
    </span>
  );
}
