import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { breakerQuery, type Breaker, type BreakerState } from "../../../api/operations";
import { useTexts } from "../../../i18n/language";
import { timeOfDay } from "../../../i18n/time";
import { Loading, Notice, Problem } from "../../../ui/notice";
import { Badge, Panel, type Tone } from "../../../ui/panel";
import styles from "../console.module.css";
import { useOperator } from "../operator";

export const TONES: Record<BreakerState, Tone> = {
  CLOSED: "good",
  OPEN: "bad",
  HALF_OPEN: "warn",
  DISABLED: "warn",
  FORCED_OPEN: "bad",
  FORCED_HALF_OPEN: "warn",
};

/** The breaker's live state with its rates. */
export function BreakerCard() {
  const texts = useTexts();
  const { token } = useOperator();
  const query = useQuery(breakerQuery(token));
  return (
    <Panel title={texts.console.tabs.breaker}>
      <div className={styles.breaker}>
        {query.isPending && <Loading />}
        {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
        {query.data !== undefined && <State breaker={query.data} />}
      </div>
    </Panel>
  );
}

function State({ breaker }: { breaker: Breaker }) {
  const texts = useTexts();
  const counters = [
    [texts.breaker.buffered, breaker.numberOfBufferedCalls],
    [texts.breaker.successful, breaker.numberOfSuccessfulCalls],
    [texts.breaker.failed, breaker.numberOfFailedCalls],
    [texts.breaker.slow, breaker.numberOfSlowCalls],
    [texts.breaker.refused, breaker.numberOfNotPermittedCalls],
  ] as const;
  return (
    <>
      <div className={styles.state} aria-live="polite">
        <p className={styles.big} data-testid="breaker-state" data-state={breaker.state}>{texts.breaker.states[breaker.state]}</p>
        <Badge tone={TONES[breaker.state]}>{breaker.state}</Badge>
        <span className={styles.muted}>{texts.breaker.since(timeOfDay(breaker.stateSince, texts.locale))}</span>
      </div>
      <p className={styles.muted}>{texts.breaker.meaning[breaker.state]}</p>
      {breaker.stale && <Notice tone="warn">{texts.breaker.stale}</Notice>}
      <Rate name={texts.breaker.failureRate} percent={breaker.failureRate} />
      <Rate name={texts.breaker.slowRate} percent={breaker.slowCallRate} />
      <dl className={styles.counters}>
        {counters.map(([name, count]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{count}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** A rate as the API writes it ("45.00%"); negative below the minimum number of calls. */
function Rate({ name, percent }: { name: string; percent: string }) {
  const texts = useTexts();
  const id = useId();
  const value = Number.parseFloat(percent);
  return (
    <div className={styles.meter}>
      <span className={styles.meterHead}>
        <span id={id}>{name}</span>
        <span className={styles.muted}>{value < 0 ? texts.breaker.tooFew : percent}</span>
      </span>
      <meter aria-labelledby={id} min={0} max={100} low={25} high={50} optimum={0} value={Math.max(0, value)} />
    </div>
  );
}
