import { describe, expect, it } from "vitest";
import { en } from "./en";
import { ko } from "./ko";
import { firstLanguage, problemText } from "./language";

function texts(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") return [[path, String((value as (...given: unknown[]) => unknown)("7", "8"))]];
  return Object.entries(value as object).flatMap(([key, inner]) => texts(inner, `${path}.${key}`));
}

describe("texts", () => {
  it("are all there and not left in English", () => {
    const english = new Map(texts(en));
    for (const [path, text] of texts(ko)) {
      expect(text.trim(), path).not.toBe("");
      if (/[a-z]{4}/.test(text) && path !== ".shell.brand") expect(text, path).not.toBe(english.get(path));
    }
  });

  it("use every value that they are given", () => {
    for (const language of [en, ko]) {
      expect(language.console.left(3, 9)).toMatch(/3.*9|9.*3/);
      expect(language.breaker.ask("A", "B")).toMatch(/A.*B/);
      expect(language.state.retryIn(17)).toContain("17");
    }
  });

  it("say something about a code that they do not know", () => {
    expect(problemText(en, "SOMETHING_NEW")).toBe(en.problem.UNREADABLE);
    expect(problemText(ko, "RATE_LIMIT_EXCEEDED")).toBe(ko.problem.RATE_LIMIT_EXCEEDED);
  });
});

it("chooses what was chosen, else what the browser prefers, else English", () => {
  expect(firstLanguage("ko", ["en-US"])).toBe("ko");
  expect(firstLanguage("xx", ["de-DE", "ko-KR", "en"])).toBe("ko");
  expect(firstLanguage(null, ["de"])).toBe("en");
});
