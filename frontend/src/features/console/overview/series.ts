/** Values over time as lines of a chart: gaps stay gaps. Pure. */

export interface Sample {
  /** ms since 1970. */
  at: number;
  value: number | null;
}

/** What all lines of a chart share. Times in ms since 1970. */
export interface Scale {
  from: number;
  until: number;
  top: number;
}

const SHORTEST_MS = 5 * 60_000; // few values are drawn at the end of this, not over the whole width
const MISSED = 2.5; // intervals without a value: nothing was measured (a restart), which is a gap

const STEPS = [1, 2, 3, 4, 5, 6, 8, 10];

/** The smallest of 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, … that is at least `value`, and at least `least`. */
export function topOf(value: number, least: number): number {
  const wanted = Math.max(value, least);
  const decade = 10 ** Math.floor(Math.log10(wanted));
  const step = STEPS.find((factor) => factor * decade >= wanted * (1 - 1e-9)) ?? 10;
  return step * decade;
}

/** null: there is no sample, so there is no time to draw. */
export function scaleOf(lines: readonly (readonly Sample[])[], least: number): Scale | null {
  const samples = lines.flat();
  if (samples.length === 0) return null;
  const times = samples.map(({ at }) => at);
  const until = Math.max(...times);
  const values = samples.flatMap(({ value }) => (value === null ? [] : [value]));
  return { from: Math.min(Math.min(...times), until - SHORTEST_MS), until, top: topOf(Math.max(0, ...values), least) };
}

/** Runs of values without a gap, oldest first. */
export function runs(samples: readonly Sample[], intervalMs: number): (readonly { at: number; value: number }[])[] {
  const found: { at: number; value: number }[][] = [];
  let before: number | null = null;
  for (const { at, value } of samples) {
    if (value === null) {
      before = null;
      continue;
    }
    if (before === null || at - before > MISSED * intervalMs) found.push([]);
    found.at(-1)?.push({ at, value });
    before = at;
  }
  return found;
}

/** The `d` of a path in a box of `width` × `height`; a single value is a line of no length, which round ends make a dot. */
export function pathOf(samples: readonly Sample[], intervalMs: number, scale: Scale, width: number, height: number): string {
  const x = (at: number) => (((at - scale.from) / (scale.until - scale.from)) * width).toFixed(1);
  const y = (value: number) => (height - (value / scale.top) * height).toFixed(1);
  return runs(samples, intervalMs)
    .map((run) => {
      const places = run.map(({ at, value }) => `${x(at)} ${y(value)}`);
      const [first = ""] = places;
      return `M${first}L${(places.length === 1 ? [first] : places.slice(1)).join("L")}`;
    })
    .join("");
}

export interface Summary {
  low: number;
  high: number;
  /** null: the newest sample has no value. */
  last: number | null;
}

/** null: no sample has a value. */
export function summaryOf(samples: readonly Sample[]): Summary | null {
  const values = samples.flatMap(({ value }) => (value === null ? [] : [value]));
  if (values.length === 0) return null;
  return { low: Math.min(...values), high: Math.max(...values), last: samples.at(-1)?.value ?? null };
}
