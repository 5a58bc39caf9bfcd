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

export function StepBadge({ state }: Pick<AcquirerStep, "state">) {
  return <Badge tone={TONES[state]}>{useTexts().acquiring.states[state]}</Badge>;
}

/** What is shown of a step, whoever looks at it. */
type Shown = Omit<AcquirerStep, "state">;

interface Props<Step extends Shown> {
  steps: readonly Step[];
  currency: string;
  /** Its state, in the words of who looks at it. */
  badge: (step: Step) => ReactNode;
  /** What else is shown of a step. */
  more?: (step: Step) => ReactNode;
}

export function AcquirerSteps<Step extends Shown>({ steps, currency, badge, more }: Props<Step>) {
  const { acquiring, locale } = useTexts();
  if (steps.length === 0) return null;
  return (
    <Panel title={acquiring.steps}>
      <ol className={styles.steps} aria-label={acquiring.steps}>
        {steps.map((step) => (
          <li key={step.operationId}>
            <strong>{acquiring.kinds[step.kind]}</strong>
            <Amount minor={step.amount} currency={currency} />
            {badge(step)}
            <time dateTime={step.createdAt}>{dateAndTime(step.createdAt, locale)}</time>
            {step.declineCode !== null && <p>{declineReason(acquiring, step.declineCode)}</p>}
            <p><code>{step.reference}</code> {more?.(step)}</p>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
