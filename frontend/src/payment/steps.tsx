/** The steps of a payment at its acquirer, oldest first; nothing of a payment without one. */
import type { ReactNode } from "react";
import type { AcquirerStep } from "../api/payments";
import { declineReason } from "../i18n/acquiring";
import { useTexts } from "../i18n/language";
import { dateAndTime } from "../i18n/time";
import { Badge, Panel, type Tone } from "../ui/panel";
import { Amount } from "./amount";
import styles from "./timeline.module.css";

const TONES: Record<AcquirerStep["state"], Tone> = { PROCESSING: "warn", APPROVED: "good", DECLINED: "bad", FAILED: "plain" };

interface Props {
  steps: readonly AcquirerStep[];
  currency: string;
  /** What else is shown of a step. */
  more?: (step: AcquirerStep) => ReactNode;
}

export function AcquirerSteps({ steps, currency, more }: Props) {
  const { acquiring, locale } = useTexts();
  if (steps.length === 0) return null;
  return (
    <Panel title={acquiring.steps}>
      <ol className={styles.steps} aria-label={acquiring.steps}>
        {steps.map((step) => (
          <li key={step.operationId}>
            <strong>{acquiring.kinds[step.kind]}</strong>
            <Amount minor={step.amount} currency={currency} />
            <Badge tone={TONES[step.state]}>{acquiring.states[step.state]}</Badge>
            <time dateTime={step.createdAt}>{dateAndTime(step.createdAt, locale)}</time>
            {step.declineCode !== null && <p>{declineReason(acquiring, step.declineCode)}</p>}
            <p><code>{step.reference}</code> {more?.(step)}</p>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
