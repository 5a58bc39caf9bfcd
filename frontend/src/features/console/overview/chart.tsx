/** Lines over the last hour, with the largest value, the times at both ends, and their values now. */
import { useTexts } from "../../../i18n/language";
import { shortTime } from "../../../i18n/time";
import { Panel, visuallyHidden } from "../../../ui/panel";
import styles from "./chart.module.css";
import { pathOf, scaleOf, summaryOf, type Sample, type Scale } from "./series";

const WIDTH = 300;
const HEIGHT = 96;
const LINES = [styles.line0, styles.line1, styles.line2];

export interface Line {
  name: string;
  samples: readonly Sample[];
}

interface Props {
  title: string;
  lines: readonly Line[];
  intervalMs: number;
  /** The largest value of the axis is at least this, so that small values look small. */
  least: number;
  format: (value: number) => string;
  /** The value now and what it says; without it, a legend has the values. */
  now?: string;
  words?: string;
}

export function Chart({ title, lines, intervalMs, least, format, now, words }: Props) {
  const texts = useTexts();
  const scale = scaleOf(lines.map(({ samples }) => samples), least);
  return (
    <Panel title={title}>
      <div className={styles.chart}>
        {now === undefined ? <Legend lines={lines} format={format} /> : <p className={styles.now}>{now}</p>}
        {words !== undefined && <p className={styles.words}>{words}</p>}
        <figure className={styles.plot}>
          <p className={styles.axis} aria-hidden="true">{scale === null ? "" : format(scale.top)}</p>
          {scale === null ? <p className={styles.empty}>{texts.overview.noneYet}</p> : <Drawing lines={lines} intervalMs={intervalMs} scale={scale} />}
          <p className={styles.axis} aria-hidden="true">
            {scale !== null && [scale.from, scale.until].map((at) => <span key={at}>{shortTime(at, texts.locale)}</span>)}
          </p>
          <figcaption className={visuallyHidden}>
            {lines.map((line) => <Summed key={line.name} line={line} format={format} />)}
          </figcaption>
        </figure>
      </div>
    </Panel>
  );
}

function Drawing({ lines, intervalMs, scale }: { lines: readonly Line[]; intervalMs: number; scale: Scale }) {
  return (
    <svg className={styles.drawing} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <line className={styles.base} x1="0" x2={WIDTH} y1="0" y2="0" />
      <line className={styles.base} x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
      {lines.map(({ name, samples }, index) => (
        <path key={name} className={LINES[index]} d={pathOf(samples, intervalMs, scale, WIDTH, HEIGHT)} />
      ))}
    </svg>
  );
}

function Legend({ lines, format }: { lines: readonly Line[]; format: (value: number) => string }) {
  const texts = useTexts();
  return (
    <ul className={styles.legend}>
      {lines.map(({ name, samples }, index) => {
        const last = samples.at(-1)?.value ?? null;
        return (
          <li key={name}>
            <svg className={styles.key} viewBox="0 0 36 12" aria-hidden="true"><path className={LINES[index]} d="M2 6H34" /></svg>
            <span>{name}</span>
            <strong>{last === null ? texts.overview.notNow : format(last)}</strong>
          </li>
        );
      })}
    </ul>
  );
}

function Summed({ line: { name, samples }, format }: { line: Line; format: (value: number) => string }) {
  const { overview } = useTexts();
  const found = summaryOf(samples);
  if (found === null) return <span>{overview.noSummary(name)} </span>;
  const last = found.last === null ? overview.notNow : format(found.last);
  return <span>{overview.summary(name, format(found.low), format(found.high), last)} </span>;
}
