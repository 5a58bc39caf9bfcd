import { useState } from "react";
import type { Paging } from "./panel";

/** Paging by cursors. The API has only the next page, so former cursors are stored here. */
export function usePaging(): Paging & { restart: () => void } {
  const [visited, setVisited] = useState<string[]>([]);
  return {
    cursor: visited.at(-1) ?? null,
    first: visited.length === 0,
    back: () => { setVisited(visited.slice(0, -1)); },
    on: (next) => { setVisited([...visited, next]); },
    restart: () => { setVisited([]); },
  };
}
