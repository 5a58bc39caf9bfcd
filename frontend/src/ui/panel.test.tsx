// @vitest-environment jsdom
import { fireEvent, screen, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { Pager, Panel, Table, TextField, type Paging } from "./panel";
import { rendered } from "./rendered";

describe("a table", () => {
  it("is a region with a name that the keyboard reaches, as it scrolls", () => {
    rendered(<Table label="Entries" head={<th scope="col">Amount</th>}><tr><td>5</td></tr></Table>);
    const region = screen.getByRole("region", { name: "Entries" });
    expect(region.tabIndex).toBe(0);
    expect(within(region).getByRole("columnheader", { name: "Amount" })).toBeDefined();
    expect(within(region).getByRole("cell", { name: "5" })).toBeDefined();
  });
});

describe("a panel and a field", () => {
  it("have names and hints", () => {
    rendered(<Panel title="Balances"><TextField label="Merchant" hint="As in the API" /></Panel>);
    const field = within(screen.getByRole("region", { name: "Balances" })).getByLabelText("Merchant");
    expect(document.getElementById(field.getAttribute("aria-describedby") ?? "")?.textContent).toBe("As in the API");
  });
});

describe("a pager", () => {
  const paging = (changes: Partial<Paging>): Paging => ({ cursor: null, first: true, back: vi.fn(), on: vi.fn(), ...changes });
  const button = (name: string) => screen.getByRole<HTMLButtonElement>("button", { name });

  it("is not there for a single page", () => {
    rendered(<Pager paging={paging({})} next={null} />);
    expect(screen.queryByRole("button")).toBeNull();
  });

  it("goes on with the next cursor, and not back from the first page", () => {
    const first = paging({});
    rendered(<Pager paging={first} next="c2" />);
    expect(button("Previous").disabled).toBe(true);
    fireEvent.click(button("Next"));
    expect(first.on).toHaveBeenCalledWith("c2");
  });

  it("goes back from the last page, and not on", () => {
    const last = paging({ cursor: "c2", first: false });
    rendered(<Pager paging={last} next={null} />);
    expect(button("Next").disabled).toBe(true);
    fireEvent.click(button("Previous"));
    expect(last.back).toHaveBeenCalledOnce();
  });
});
