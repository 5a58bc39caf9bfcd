/** The charts of the last hour. */
import type { Operations } from "../../../api/operations";
import type { Overview, OverviewPoint } from "../../../api/desk";
import type { Texts } from "../../../i18n/en";
import { useTexts } from "../../../i18n/language";
import { Chart, type Line } from "./chart";
import styles from "./overview.module.css";

type Measure = Exclude<keyof OverviewPoint, "at">;

const NONE: readonly OverviewPoint[] = [];
const INTERVAL_SECONDS = 15; // until the first answer says it

/** `overview` undefined: not there yet; the charts hold their space. `now` is newer: it is polled more often. */
export function Charts({ overview, now }: { overview: Overview | undefined; now: Operations }) {
  const texts = useTexts();
  const { overview: words } = texts;
  const points = overview?.points ?? NONE;
  const intervalMs = (overview?.intervalSeconds ?? INTERVAL_SECONDS) * 1000;
  const line = (name: string, measure: Measure): Line => ({
    name,
    samples: points.map((point) => ({ at: Date.parse(point.at), value: point[measure] })),
  });
  const shared = { intervalMs };
  const p95 = points.at(-1)?.p95Seconds ?? null;
  const duration = (seconds: number) => durationOf(texts, seconds);
  return (
    <div className={styles.charts}>
      <Chart
        {...shared}
        title={words.payments}
        least={1}
        format={(value) => count(texts, value)}
        lines={[line(words.succeeded, "succeededPerMinute"), line(words.declined, "declinedPerMinute"), line(words.failed, "failedPerMinute")]}
      />
      <Chart
        {...shared}
        title={words.rates}
        least={0.01}
        format={(value) => percent(texts, value)}
        lines={[line(words.declineRate, "declineRate"), line(words.errorRate, "errorRate")]}
      />
      <Chart
        {...shared}
        title={words.latency}
        least={0.05}
        format={duration}
        lines={[line(words.latency, "p95Seconds")]}
        now={p95 === null ? "–" : duration(p95)}
        words={p95 === null ? words.notNow : words.latencyNow(duration(p95))}
      />
      <Chart
        {...shared}
        title={words.outbox}
        least={10}
        format={(value) => count(texts, value)}
        lines={[line(words.outbox, "outboxPending")]}
        now={count(texts, now.outboxPending)}
        words={now.outboxPending === 0 ? words.outboxEmpty(now.outboxParked) : words.outboxNow(duration(now.outboxOldestAgeSeconds), now.outboxParked)}
      />
      <Chart
        {...shared}
        title={words.lag}
        least={1}
        format={duration}
        lines={[line(words.lag, "ledgerLagSeconds")]}
        now={duration(now.ledgerLagSeconds)}
        words={words.lagNow}
      />
    </div>
  );
}

function count(texts: Texts, value: number): string {
  return new Intl.NumberFormat(texts.locale, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

function percent(texts: Texts, value: number): string {
  return new Intl.NumberFormat(texts.locale, { style: "percent", maximumFractionDigits: value < 0.1 ? 1 : 0 }).format(value);
}

function durationOf(texts: Texts, seconds: number): string {
  const digits = (value: number) => new Intl.NumberFormat(texts.locale, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
  if (seconds > 0 && seconds < 1) return texts.overview.milliseconds(digits(seconds * 1000));
  return texts.timeline.seconds(digits(seconds));
}
