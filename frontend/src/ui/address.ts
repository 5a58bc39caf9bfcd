/** Filters and pages of a list, in the address: a reload, the back button and a copied link show the same list. */
import { useMemo } from "react";
import { useSearchParams } from "react-router";
import type { Paging } from "./panel";

/** Cursors of the pages after the first, up to the shown one; the API knows only the next page, so "previous" needs all. */
const CURSOR = "after";

export interface ListAddress<Name extends string> {
  /** "" for a filter that is not set. */
  filters: Readonly<Record<Name, string>>;
  /** Sets some filters and goes to the first page. */
  filter: (changes: Partial<Record<Name, string>>) => void;
  paging: Paging;
}

/** `names` are the filters' names in the address; a constant, as it is compared by identity. */
export function useListAddress<Name extends string>(names: readonly Name[]): ListAddress<Name> {
  const [search, setSearch] = useSearchParams();
  return useMemo(() => {
    const filters = Object.fromEntries(names.map((name) => [name, search.get(name) ?? ""])) as Record<Name, string>;
    const visited = search.getAll(CURSOR);
    const go = (changes: Partial<Record<Name, string>>, cursors: readonly string[]) => {
      const next = new URLSearchParams(search);
      for (const [name, value] of Object.entries<string | undefined>(changes)) {
        if (value === undefined || value === "") next.delete(name);
        else next.set(name, value);
      }
      next.delete(CURSOR);
      for (const cursor of cursors) next.append(CURSOR, cursor);
      setSearch(next);
    };
    return {
      filters,
      filter: (changes) => { go(changes, []); },
      paging: {
        cursor: visited.at(-1) ?? null,
        first: visited.length === 0,
        back: () => { go({}, visited.slice(0, -1)); },
        on: (cursor) => { go({}, [...visited, cursor]); },
      },
    };
  }, [names, search, setSearch]);
}

/** `value` when it is one of `choices`, else "": the address can hold anything. */
export function oneOf<Value extends string>(value: string, choices: readonly Value[]): Value | "" {
  return choices.find((choice) => choice === value) ?? "";
}

/** An id of the address; null when it is none. */
export function idOf(text: string | undefined): number | null {
  return text !== undefined && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}
