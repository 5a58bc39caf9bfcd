// @vitest-environment jsdom
import { cleanup, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { Scope } from "../../api/keys";
import type { DeadLetter, ParkedEvent } from "../../api/operations";
import { Runs } from "./audit/runs";
import { DeadLetterPanel } from "./dead-letters/dead-letter";
import OutboxPage from "./outbox/page";
import { serve, show } from "./testing";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const at = "2025-10-27T06:16:28.123456Z";
const parked: ParkedEvent = {
  eventId: 12, aggregateType: "replay", aggregateId: 3, topic: "payment.captured", error: "too large", attempts: 1, waitingBehind: 0, parkedAt: at,
} as ParkedEvent;
const letter = { id: 3, state: "OPEN", errorType: "EventNotFound", errorMessage: "none", payload: "{}", originalTopic: "t", partition: 0, offset: 1, timestamp: at, attempts: 1 } as DeadLetter;

const PARTS = [
  { name: "parked events", part: <OutboxPage />, answer: { items: [parked], nextCursor: null }, text: "too large", actions: ["Release: event 12", "Discard: event 12"] },
  { name: "a dead letter", part: <DeadLetterPanel letter={letter} aside={null} />, answer: {}, text: "EventNotFound: none", actions: ["Replay", "Discard"] },
  { name: "the audit's runs", part: <Runs />, answer: { items: [], requested: null }, text: "Runs", actions: ["Check now"] },
];

async function actionsOf({ part, answer, text, actions }: (typeof PARTS)[number], scopes: readonly Scope[]): Promise<string[]> {
  serve(() => answer);
  show(part, "/console", scopes);
  await screen.findByText(text);
  return actions.filter((name) => screen.queryByRole("button", { name }) !== null);
}

it.each(PARTS)("$name can be changed by keys that operate, and by no others", async (part) => {
  expect(await actionsOf(part, ["read", "operate"])).toEqual(part.actions);
  cleanup();
  expect(await actionsOf(part, ["read", "administer"])).toEqual([]);
});
