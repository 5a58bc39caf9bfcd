import { describe, expect, it } from "vitest";
import { pathOf, runs, scaleOf, summaryOf, topOf, type Sample } from "./series";

const SECOND = 1000;
const samples = (...values: (number | null)[]): Sample[] => values.map((value, index) => ({ at: index * 15 * SECOND, value }));

it.each([
  [0, 1, 1], [1, 1, 1], [1.2, 1, 2], [204, 1, 300], [700, 1, 800], [900, 1, 1000], [1000, 1, 1000], [0.023, 0.01, 0.03], [0.3, 0.01, 0.3],
])("has room for %d, at least %d: up to %d", (value, least, top) => {
  expect(topOf(value, least)).toBeCloseTo(top, 12);
});

describe("runs", () => {
  it("end at a value that is missing, and at a time without samples", () => {
    const later: Sample[] = [...samples(1, 2, null, 3), { at: 400 * SECOND, value: 4 }];
    expect(runs(later, 15 * SECOND).map((run) => run.map(({ value }) => value))).toEqual([[1, 2], [3], [4]]);
  });

  it("go on over a sample that is a little late", () => {
    expect(runs([{ at: 0, value: 1 }, { at: 30 * SECOND, value: 2 }], 15 * SECOND)).toHaveLength(1);
  });

  it("are none without values", () => {
    expect([runs([], SECOND), runs(samples(null, null), SECOND)]).toEqual([[], []]);
  });
});

describe("a path", () => {
  const scale = { from: 0, until: 60 * SECOND, top: 10 };

  it("has a gap where values are missing", () => {
    expect(pathOf(samples(0, 10, null, 5, 5), 15 * SECOND, scale, 100, 50)).toBe("M0.0 50.0L25.0 0.0M75.0 25.0L100.0 25.0");
  });

  it("is a dot for one value", () => {
    expect(pathOf(samples(5), 15 * SECOND, scale, 100, 50)).toBe("M0.0 25.0L0.0 25.0");
  });

  it("is empty for none", () => {
    expect(pathOf([], 15 * SECOND, scale, 100, 50)).toBe("");
  });
});

describe("the scale", () => {
  it("is of all lines, and five minutes wide at least", () => {
    expect(scaleOf([samples(1, 2), samples(null, 42)], 1)).toEqual({ from: 15 * SECOND - 300 * SECOND, until: 15 * SECOND, top: 50 });
  });

  it("is none without samples", () => {
    expect(scaleOf([[], []], 1)).toBeNull();
  });

  it("begins with the first sample of a longer time", () => {
    expect(scaleOf([[{ at: 0, value: null }, { at: 3600 * SECOND, value: 0 }]], 1)).toEqual({ from: 0, until: 3600 * SECOND, top: 1 });
  });
});

it("sums up what has values, and says when there is none now", () => {
  expect(summaryOf(samples(3, null, 1, 2))).toEqual({ low: 1, high: 3, last: 2 });
  expect(summaryOf(samples(3, null))).toEqual({ low: 3, high: 3, last: null });
  expect(summaryOf(samples(null))).toBeNull();
  expect(summaryOf([])).toBeNull();
});
