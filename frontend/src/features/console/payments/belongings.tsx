/** What else is stored about a payment: answers by key, dead letters, findings, operators' actions. */
import { parse, stringify } from "lossless-json";
import type { DeskPayment, OperatorAction, StoredAnswer } from "../../../api/desk";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Badge, Panel } from "../../../ui/panel";
import consoleStyles from "../console.module.css";
import { CopyButton } from "../frame/copy";
import { DeadLetterLink, FindingsLink, TargetLink } from "../frame/ids";
import styles from "./payment.module.css";

/** Indented; every number with all of its digits. As it is when it is no JSON. */
export function pretty(body: string): string {
  try {
    return stringify(parse(body), undefined, 2) ?? body;
  } catch {
    return body;
  }
}

export function Answers({ answers }: { answers: StoredAnswer[] }) {
  const { desk, locale } = useTexts();
  return (
    <Panel title={desk.answers}>
      <p className={styles.muted}>{answers.length === 0 ? desk.noAnswers : desk.answersAbout}</p>
      {answers.map((answer) => (
        <details key={`${answer.operation} ${answer.idempotencyKey}`} className={styles.answer}>
          <summary>
            <strong>{desk.answer(desk.operations[answer.operation], answer.httpStatus)}</strong>
            <span className={styles.muted}>{dateAndTime(answer.createdAt, locale)}</span>
          </summary>
          <p className={styles.copied}>{desk.key} <code>{answer.idempotencyKey}</code><CopyButton name={`${desk.key} ${answer.idempotencyKey}`} text={answer.idempotencyKey} /></p>
          <pre className={consoleStyles.payload}>{pretty(answer.body)}</pre>
        </details>
      ))}
    </Panel>
  );
}

export function DeadLetters({ letters }: { letters: DeskPayment["deadLetters"] }) {
  const texts = useTexts();
  return (
    <Panel title={texts.desk.letters}>
      {letters.length === 0 && <p className={styles.muted}>{texts.desk.noLetters}</p>}
      {letters.length > 0 && (
        <ul className={styles.list}>
          {letters.map((letter) => (
            <li key={letter.id}>
              <DeadLetterLink id={letter.id}>{texts.letters.letter(letter.id)}</DeadLetterLink>
              <Badge tone={letter.state === "OPEN" ? "bad" : "plain"}>{texts.letters.states[letter.state]}</Badge>
              <span>{letter.errorType}: {letter.errorMessage}</span>
              <span className={styles.muted}>{dateAndTime(letter.timestamp, texts.locale)}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

export function Findings({ findings, paymentId }: { findings: DeskPayment["findings"]; paymentId: number }) {
  const texts = useTexts();
  const { desk, locale } = texts;
  return (
    <Panel title={desk.findings}>
      {findings.length === 0 && <p className={styles.muted}>{desk.noFindings}</p>}
      {findings.length > 0 && (
        <ul className={styles.list}>
          {findings.map((finding) => (
            <li key={finding.id}>
              <FindingsLink paymentId={paymentId}>{texts.findings.kinds[finding.kind]}</FindingsLink>
              <Badge tone={finding.clearedAt === null ? "bad" : "plain"}>{texts.findings.states[finding.clearedAt === null ? "OPEN" : "CLEARED"]}</Badge>
              <span>{finding.detail}</span>
              <span className={styles.muted}>
                {finding.clearedAt === null ? desk.lastSeen(dateAndTime(finding.lastSeen, locale)) : desk.cleared(dateAndTime(finding.clearedAt, locale))}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

export function Actions({ actions }: { actions: OperatorAction[] }) {
  const texts = useTexts();
  return (
    <Panel title={texts.desk.actions}>
      {actions.length === 0 && <p className={styles.muted}>{texts.desk.noActions}</p>}
      {actions.length > 0 && (
        <ul className={styles.list} aria-label={texts.desk.actions}>
          {actions.map((action) => (
            <li key={action.id}>
              <strong>{action.action}</strong>
              <TargetLink target={action.target} />
              <span>{action.detail}</span>
              <span className={styles.muted}>{dateAndTime(action.at, texts.locale)} · {action.actor}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
