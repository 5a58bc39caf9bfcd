/** Light, dark, or the system's setting; stored in this browser. */
import { useEffect, useState } from "react";
import { keep, kept } from "../api/storage";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
const STORED = "payops.theme";

export function storedTheme(): Theme {
  const stored = kept(STORED);
  return THEMES.find((theme) => theme === stored) ?? "system";
}

export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(storedTheme);
  useEffect(() => {
    applyTheme(theme);
    keep(STORED, theme);
  }, [theme]);
  return [theme, setTheme];
}
