/** A message, announced to screen readers, with an action if there is one. */
import { useState, type ReactNode } from "react";
import { isUndecided } from "../api/attempt";
import { ApiProblem } from "../api/client";
import { declineReason } from "../i18n/acquiring";
import { problemText, useTexts } from "../i18n/language";
import { Button } from "./button";
import { useCountdown } from "./countdown";
import styles from "./notice.module.css";

type Tone = "good" | "warn" | "bad" | "plain";

export function Notice({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <div className={`${styles.notice} ${styles[tone]}`} role={tone === "bad" ? "alert" : "status"}>
      {children}
    </div>
  );
}

/** An error in the reader's language. `retry` is offered when the same request may be sent again. */
export function Problem({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const texts = useTexts();
  const problem = error instanceof ApiProblem ? error : new ApiProblem("UNREADABLE", String(error));
  const soft = problem.code === "RATE_LIMIT_EXCEEDED" || problem.code === "REQUEST_IN_PROGRESS";
  const fields = problem.details.errors ?? [];
  return (
    <Notice tone={soft ? "warn" : "bad"}>
      <p className={styles.title}>{problemText(texts, problem.code)}</p>
      {problem.code === "PAYMENT_DECLINED" && <p>{declineReason(texts.acquiring, problem.details.declineCode)}</p>}
      {fields.length > 0 && (
        <ul className={styles.small}>
          {fields.map((one) => <li key={one.field}><code>{one.field}</code> {one.message}</li>)}
        </ul>
      )}
      <p className={styles.small}>
        <code>{problem.code}</code>
        {problem.details.requestId !== undefined && <> · {texts.state.requestId} <code>{problem.details.requestId.slice(0, 12)}</code></>}
      </p>
      {retry !== undefined && isUndecided(error) && <Retry key={String(problem.retryAfter)} seconds={problem.retryAfter ?? 0} retry={retry} />}
    </Notice>
  );
}

function Retry({ seconds, retry }: { seconds: number; retry: () => void }) {
  const texts = useTexts();
  const [until] = useState(() => Date.now() + seconds * 1000);
  const left = useCountdown(until);
  return (
    <div className={styles.row}>
      <Button small onClick={retry} disabled={left > 0}>
        {left > 0 ? texts.state.retryIn(left) : texts.state.retry}
      </Button>
    </div>
  );
}

export function Loading() {
  const texts = useTexts();
  return (
    <div className={styles.state} role="status">
      <span className={styles.spinner} aria-hidden="true" />
      {texts.state.loading}
    </div>
  );
}

export function Empty({ children }: { children: ReactNode }) {
  return <p className={styles.state}>{children}</p>;
}
