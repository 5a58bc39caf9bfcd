import { useState } from "react";
import type { Operations, RateLimit } from "../../../api/operations";
import { useTexts } from "../../../i18n/language";
import { timeOfDay } from "../../../i18n/time";
import { Button } from "../../../ui/button";
import { Loading } from "../../../ui/notice";
import { Panel, TextField } from "../../../ui/panel";
import { BreakerCard } from "../breaker/breaker-card";
import { Chart } from "./chart";
import styles from "../console.module.css";
import { useHistory } from "../history";

/** The backlog, the breaker and the limits at a glance. */
export default function OverviewPage() {
  const texts = useTexts();
  const { now, samples } = useHistory();
  if (now.data === undefined) return <Loading />;
  const measure = (name: string, of: (sample: Operations) => number, unit: (value: number) => string) => {
    const latest = samples.at(-1) ?? now.data;
    return <Measure key={name} name={name} shown={unit(of(latest))} values={samples.map(of)} />;
  };
  const seconds = (value: number) => texts.timeline.seconds(value < 10 ? value.toFixed(1) : value.toFixed(0));
  return (
    <div className={styles.stack}>
      <BreakerCard />
      <div className={styles.cards}>
        {measure(texts.console.outbox, (sample) => sample.outboxPending, String)}
        {measure(texts.console.oldest, (sample) => sample.outboxOldestAgeSeconds, seconds)}
        {measure(texts.console.lag, (sample) => sample.ledgerLagSeconds, seconds)}
        {measure(texts.console.openLetters, (sample) => sample.deadLettersOpen, String)}
        {measure(texts.parked.title, (sample) => sample.outboxParked, String)}
      </div>
      <RateLimits limits={now.data.rateLimits} />
    </div>
  );
}

function Measure({ name, shown, values }: { name: string; shown: string; values: readonly number[] }) {
  return (
    <Panel title={name}>
      <p className={styles.number}>{shown}</p>
      <Chart name={name} values={values} />
    </Panel>
  );
}

function RateLimits({ limits }: { limits: RateLimit[] }) {
  const texts = useTexts();
  const { merchantId, watch } = useHistory();
  const [text, setText] = useState(merchantId);
  return (
    <Panel title={texts.console.rateLimits}>
      <form
        className={styles.filters}
        onSubmit={(event) => {
          event.preventDefault();
          watch(text.trim());
        }}
      >
        <TextField label={texts.console.merchant} maxLength={32} value={text} onChange={(event) => { setText(event.target.value); }} />
        <Button type="submit">{texts.console.search}</Button>
      </form>
      {limits.length === 0 && <p className={styles.muted}>{texts.console.rateLimitsNone}</p>}
      {limits.map((limit) => (
        <div key={limit.operation} className={styles.meter}>
          <span className={styles.meterHead}>
            <strong id={`limit-${limit.operation}`}>{texts.console.operation[limit.operation]}</strong>
            <span className={styles.muted}>
              {texts.console.left(limit.remaining, limit.limit)} · {texts.console.resets(timeOfDay(limit.resetAt, texts.locale))}
            </span>
          </span>
          <meter aria-labelledby={`limit-${limit.operation}`} min={0} max={limit.limit} low={limit.limit * 0.1} optimum={limit.limit} value={limit.remaining} />
        </div>
      ))}
    </Panel>
  );
}
