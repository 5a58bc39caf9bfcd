/** The chosen language, kept in this browser; before a choice, the browser's own. */
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import { keep, kept } from "../api/storage";
import { en, type ProblemCode, type Texts } from "./en";
import { ko } from "./ko";

export const LANGUAGES = { en, ko };
export type Language = keyof typeof LANGUAGES;
const STORED = "payops.language";

interface Chosen {
  language: Language;
  texts: Texts;
  choose: (language: Language) => void;
}

const Context = createContext<Chosen | null>(null);

function isLanguage(name: unknown): name is Language {
  return typeof name === "string" && name in LANGUAGES;
}

export function firstLanguage(stored: unknown, preferred: readonly string[]): Language {
  if (isLanguage(stored)) return stored;
  return preferred.map((tag) => tag.slice(0, 2)).find(isLanguage) ?? "en";
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, choose] = useState(() => firstLanguage(kept(STORED), navigator.languages));
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const value = useMemo(() => {
    const remember = (chosen: Language) => {
      keep(STORED, chosen);
      choose(chosen);
    };
    return { language, texts: LANGUAGES[language], choose: remember };
  }, [language]);
  return <Context value={value}>{children}</Context>;
}

export function useLanguage(): Chosen {
  const found = use(Context);
  if (found === null) throw new Error("LanguageProvider is missing");
  return found;
}

export function useTexts(): Texts {
  return useLanguage().texts;
}

/** The text of an API code. */
export function problemText(texts: Texts, code: string): string {
  return code in texts.problem ? texts.problem[code as ProblemCode] : texts.problem.UNREADABLE;
}
