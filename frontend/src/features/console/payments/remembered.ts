/** The filters of the last search in this tab of the browser, as a query string; "" when none were set. */
import { given, type All } from "./filters";

const STORED = "payops.search";

export function remember(filters: All): void {
  try {
    sessionStorage.setItem(STORED, queryOf(filters));
  } catch {
    // the browser stores nothing: the page opens without filters
  }
}

export function remembered(): string {
  try {
    return sessionStorage.getItem(STORED) ?? "";
  } catch {
    return "";
  }
}

export function queryOf(filters: All): string {
  return new URLSearchParams({ ...given(filters) }).toString();
}
