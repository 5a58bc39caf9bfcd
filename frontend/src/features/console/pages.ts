/** The pages of the console: the only list of them. Each is a folder here, loaded when it is opened. */
import { lazy, type ComponentType } from "react";

export interface ConsolePage {
  /** The key of its name in `texts.console.tabs`. */
  name: string;
  path: string;
  /** Former paths, which lead here. */
  former?: readonly string[];
  Page: ComponentType;
}

/** Groups of the navigation, by the key of their title in `texts.console.groups`. */
export const GROUPS = {
  now: [{ name: "overview", path: "/console", Page: lazy(() => import("./overview/page")) }],
  payments: [{ name: "payments", path: "/console/payments", Page: lazy(() => import("./payments/page")) }],
  books: [
    { name: "ledger", path: "/console/ledger", Page: lazy(() => import("./ledger/page")) },
    { name: "findings", path: "/console/audit", former: ["/console/findings"], Page: lazy(() => import("./audit/page")) },
    { name: "letters", path: "/console/dead-letters", Page: lazy(() => import("./dead-letters/page")) },
    { name: "parked", path: "/console/outbox", former: ["/console/parked"], Page: lazy(() => import("./outbox/page")) },
  ],
  machinery: [{ name: "breaker", path: "/console/breaker", Page: lazy(() => import("./breaker/page")) }],
} as const satisfies Record<string, readonly ConsolePage[]>;

export type Group = keyof typeof GROUPS;
export const PAGES = Object.values(GROUPS).flat();

/** The page of a section of the address ("ledger"); undefined: there is none. */
export function pageOf(section: string | undefined) {
  const path = section === undefined ? "/console" : `/console/${section}`;
  return PAGES.find((page) => page.path === path || ("former" in page && page.former.some((former) => former === path)));
}
