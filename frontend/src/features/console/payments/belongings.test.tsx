// @vitest-environment jsdom
import { cleanup, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { show } from "../testing";
import { Actions, Answers, pretty } from "./belongings";

afterEach(cleanup);

it("indents an answer without losing a digit, and leaves what is no JSON as it is", () => {
  expect(pretty('{"sum":123456789012345678901}')).toBe('{\n  "sum": 123456789012345678901\n}');
  expect(pretty("<html>")).toBe("<html>");
});

it("folds stored answers, and says when there is none", () => {
  const answer = { operation: "capture", idempotencyKey: "k1", httpStatus: 409, createdAt: "2025-10-27T06:16:28.123456Z", body: "{}" } as const;
  show(<Answers answers={[answer]} />);
  expect(screen.getByText("Capture, HTTP 409").closest("details")?.open).toBe(false);
  cleanup();
  show(<Answers answers={[]} />);
  expect(screen.getByText(/^No answer is stored/)).toBeTruthy();
});

it("links what an action was about, where it has a page", () => {
  const action = (id: number, target: string) => ({ id, at: "2025-10-27T06:16:28.123456Z", actor: "a", action: "x", target, detail: "why" });
  show(<Actions actions={[action(1, "payment 7"), action(2, "dead letter 3"), action(3, "event 12"), action(4, "outbox"), action(5, "merchant M 1"), action(6, "key Abc123Def4"), action(7, "operation 5 (payment 7)"), action(8, "batch 3"), action(9, "payout file 2026-05-17-USD"), action(10, "exception 4"), action(11, "file 2"), action(12, "adjustment 6"), action(13, "fee schedule 1")]} />);
  const links = screen.getAllByRole("link").map((link) => link.getAttribute("href"));
  expect(links).toEqual(["/console/payments/7", "/console/dead-letters/3", "/console/payments?eventId=12", "/console/keys?merchantId=M+1", "/console/keys?q=Abc123Def4", "/console/acquirer/5",
    "/console/settlements/3", "/console/settlements?view=files", "/console/reconciliation/4", "/console/reconciliation?view=files&file=2", "/console/settlements?view=adjustments", "/console/fees"]);
  expect(screen.getByText("outbox")).toBeTruthy();
});
