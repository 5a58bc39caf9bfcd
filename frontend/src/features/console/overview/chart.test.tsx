// @vitest-environment jsdom
import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { rendered } from "../../../ui/rendered";
import { Chart, type Line } from "./chart";
import type { Sample } from "./series";

const MINUTE = 60_000;

function line(name: string, ...values: (number | null)[]): Line {
  return { name, samples: values.map((value, index): Sample => ({ at: index * MINUTE, value })) };
}

function show(lines: Line[], now?: string) {
  rendered(<Chart title="Payments" lines={lines} intervalMs={MINUTE} least={1} format={(value) => `${value} a minute`} {...(now === undefined ? {} : { now })} />);
  const region = screen.getByRole("region", { name: "Payments" });
  return { region, paths: [...region.querySelectorAll("figure path")].map((path) => path.getAttribute("d") ?? "") };
}

describe("a chart", () => {
  it("has a legend with the value now, and a summary of each line", () => {
    const { region } = show([line("succeeded", 10, 30, 20), line("failed", 0, 1, 0)]);
    expect(within(region).getAllByRole("listitem").map(({ textContent }) => textContent)).toEqual(["succeeded20 a minute", "failed0 a minute"]);
    expect(region.querySelector("figcaption")?.textContent).toBe(
      "succeeded: lowest 10 a minute, highest 30 a minute, now 20 a minute. failed: lowest 0 a minute, highest 1 a minute, now 0 a minute. ",
    );
    expect(region.textContent).toContain("30 a minute"); // the axis
  });

  it("tells its lines apart without colours", () => {
    const { region } = show([line("a", 1), line("b", 1), line("c", 1)]);
    const classes = [...region.querySelectorAll("figure path")].map((path) => path.getAttribute("class"));
    expect(new Set(classes).size).toBe(3);
  });

  it("draws gaps as gaps", () => {
    const { paths } = show([line("a", 1, 2, null, 1, 2)]);
    expect(paths[0]?.match(/M/g)).toHaveLength(2);
  });

  it("draws one value as a dot", () => {
    const { paths, region } = show([line("a", 1)], "1");
    expect(paths[0]).toMatch(/^M(\S+ \S+)L\1$/);
    expect(within(region).queryByRole("list")).toBeNull();
  });

  it("says that there is no data yet", () => {
    const { region, paths } = show([line("a")]);
    expect(paths).toEqual([]);
    expect(region.textContent).toContain("Nothing measured yet.");
    expect(region.textContent).toContain("no value now");
    expect(region.querySelector("figcaption")?.textContent).toBe("a: no data yet. ");
  });
});
