/** Cards, fields, badges and tables. */
import { useId, type ComponentProps, type ReactNode } from "react";
import { useTexts } from "../i18n/language";
import { Button } from "./button";
import styles from "./panel.module.css";

export type Tone = "good" | "warn" | "bad" | "plain";
export const numberCell = styles.number;
export const row = styles.row;
/** Only for screen readers. */
export const visuallyHidden = styles.hidden;

export function Panel({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section className={styles.panel} aria-labelledby={id}>
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

export function TextField({ label, hint, ...input }: { label: string; hint?: ReactNode } & ComponentProps<"input">) {
  const hintId = useId();
  return (
    <div className={styles.field}>
      <label className={styles.field}>
        {label}
        <input {...input} aria-describedby={hint === undefined ? undefined : hintId} />
      </label>
      {hint !== undefined && <span id={hintId} className={styles.hint}>{hint}</span>}
    </div>
  );
}

export function Choice({ label, children, ...select }: { label: string } & ComponentProps<"select">) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <select id={id} {...select}>{children}</select>
    </div>
  );
}

export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return <span className={`${styles.badge} ${tone === "plain" ? "" : (styles[tone] ?? "")}`}>{children}</span>;
}

/** A table that scrolls on narrow screens, by keyboard too. */
export function Table({ label, head, children }: { label: string; head: ReactNode; children: ReactNode }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard
    <div className={styles.scroll} role="region" aria-label={label} tabIndex={0}>
      <table className={styles.table}>
        <thead><tr>{head}</tr></thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

export interface Paging {
  cursor: string | null;
  first: boolean;
  back: () => void;
  on: (next: string) => void;
}

export function Pager({ paging, next }: { paging: Paging; next: string | null }) {
  const texts = useTexts();
  if (paging.first && next === null) return null;
  return (
    <div className={styles.pager}>
      <Button small disabled={paging.first} onClick={paging.back}>{texts.state.previous}</Button>
      <Button small disabled={next === null} onClick={() => { if (next !== null) paging.on(next); }}>{texts.state.next}</Button>
    </div>
  );
}
