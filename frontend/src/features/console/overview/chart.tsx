/** A line chart over time: one series, only a base line. */
import { useTexts } from "../../../i18n/language";
import styles from "../console.module.css";

const WIDTH = 300;
const HEIGHT = 72;

export function points(values: readonly number[]): [number, number][] {
  const top = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length - 1);
  return values.map((value, index) => [index * step, HEIGHT - (value / top) * (HEIGHT - 6)]);
}

export function Chart({ name, values }: { name: string; values: readonly number[] }) {
  const texts = useTexts();
  if (values.length < 2) return <p className={styles.muted}>{texts.console.measuring}</p>;
  const line = points(values).map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  return (
    <svg className={styles.chart} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={texts.console.overTime(name)}>
      <polygon className={styles.area} points={`0,${HEIGHT} ${line} ${WIDTH},${HEIGHT}`} />
      <line className={styles.base} x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
      <polyline className={styles.stroke} points={line} />
    </svg>
  );
}
