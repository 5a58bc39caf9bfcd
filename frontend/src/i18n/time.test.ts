import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { secondsBetween, toLocal, toUtc } from "./time";

const zone = process.env.TZ;
beforeEach(() => { process.env.TZ = "Asia/Seoul"; });
afterEach(() => { process.env.TZ = zone; });

describe("times of fields", () => {
  it("are the reader's own, and sent as UTC", () => {
    expect(toUtc("2025-10-27T15:16")).toBe("2025-10-27T06:16:00.000Z");
    expect(toLocal("2025-10-27T06:16:28.123456Z")).toBe("2025-10-27T15:16:28");
    expect(toUtc(toLocal("2025-10-27T06:16:28Z"))).toBe("2025-10-27T06:16:28.000Z");
  });

  it("are empty when they are no times", () => {
    expect([toUtc(""), toUtc("soon"), toLocal(""), toLocal("soon")]).toEqual(["", "", "", ""]);
  });
});

it("shows no negative time when a clock went back", () => {
  expect(secondsBetween("2025-10-27T06:16:28Z", "2025-10-27T06:16:27Z")).toBe("0.00");
});
