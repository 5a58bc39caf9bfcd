// @vitest-environment jsdom
import { fireEvent, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { idOf, oneOf, useListAddress } from "./address";
import { Pager } from "./panel";
import { rendered } from "./rendered";

const NAMES = ["state", "kind"] as const;

function List() {
  const { filters, filter, paging } = useListAddress(NAMES);
  return (
    <>
      <output>{filters.state}|{filters.kind}|{paging.cursor}</output>
      <button type="button" onClick={() => { filter({ state: "OPEN" }); }}>open</button>
      <button type="button" onClick={() => { filter({ state: "" }); }}>any</button>
      <Pager paging={paging} next={`after ${paging.cursor ?? "start"}`} />
    </>
  );
}

const click = (name: string) => { fireEvent.click(screen.getByRole("button", { name })); };
const shown = () => screen.getByRole("status").textContent;

it("has filters and the way to a page in the address, and goes to the first page when a filter changes", () => {
  const { address } = rendered(<List />, "/list?kind=stuck&other=1");
  expect(shown()).toBe("|stuck|");
  click("Next");
  click("Next");
  expect(address()).toBe("/list?kind=stuck&other=1&after=after+start&after=after+after+start");
  click("Previous");
  expect(shown()).toBe("|stuck|after start");
  click("open");
  expect(address()).toBe("/list?kind=stuck&other=1&state=OPEN");
  click("any");
  expect(address()).toBe("/list?kind=stuck&other=1");
});

it("shows a page again from its address", () => {
  rendered(<List />, "/list?state=OPEN&after=a&after=b");
  expect(shown()).toBe("OPEN||b");
  click("Previous");
  expect(shown()).toBe("OPEN||a");
});

it("takes nothing from the address that it does not know", () => {
  expect([oneOf("OPEN", ["OPEN", "CLEARED"]), oneOf("open", ["OPEN"]), oneOf("", ["OPEN"])]).toEqual(["OPEN", "", ""]);
  expect([idOf("42"), idOf("0"), idOf("042"), idOf("1e3"), idOf("9".repeat(16)), idOf(undefined)]).toEqual([42, null, null, null, null, null]);
});
