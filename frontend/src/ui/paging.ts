import { useState } from "react";
import type { Paging } from "./panel";

/** The way through a list by cursors. The API only knows the next page, so the way back is remembered here. */
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
