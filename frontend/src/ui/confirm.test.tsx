// @vitest-environment jsdom
import { fireEvent, screen } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { Confirm } from "./confirm";
import { TextField } from "./panel";
import { rendered, stubDialogs } from "./rendered";

const onConfirm = vi.fn();
const onClose = vi.fn();

beforeEach(() => {
  stubDialogs();
  onConfirm.mockReset();
  onClose.mockReset();
});

function asked(busy = false, required = false) {
  return (
    <Confirm title="Refund" question="Refund $5.00 to STORE?" action="Refund $5.00" busy={busy} onConfirm={onConfirm} onClose={onClose}>
      <TextField label="Reason" required={required} />
    </Confirm>
  );
}

const action = () => screen.getByRole<HTMLButtonElement>("button", { name: "Refund $5.00" });

it("opens with a name and has the focus", () => {
  rendered(asked());
  const dialog = screen.getByRole("dialog", { name: "Refund" });
  expect(dialog.contains(document.activeElement)).toBe(true);
  expect(dialog.textContent).toContain("Refund $5.00 to STORE?");
});

it("confirms only by its action", () => {
  rendered(asked());
  fireEvent.click(action());
  expect(onConfirm).toHaveBeenCalledOnce();
  expect(onClose).not.toHaveBeenCalled();
});

it("closes by Cancel and by Escape, without an action", () => {
  rendered(asked());
  fireEvent.keyDown(screen.getByRole("dialog"), { key: "Escape" });
  expect(onClose).toHaveBeenCalledOnce();
  fireEvent.click(screen.getByRole("button", { name: "Cancel", hidden: true }));
  expect(onConfirm).not.toHaveBeenCalled();
});

it("does nothing twice while it is busy", () => {
  rendered(asked(true));
  expect(action().disabled).toBe(true);
  fireEvent.click(action());
  expect(onConfirm).not.toHaveBeenCalled();
});

it("waits for what it needs", () => {
  rendered(asked(false, true));
  fireEvent.click(action());
  expect(onConfirm).not.toHaveBeenCalled();
  fireEvent.change(screen.getByLabelText("Reason"), { target: { value: "twice" } });
  fireEvent.click(action());
  expect(onConfirm).toHaveBeenCalledOnce();
});
