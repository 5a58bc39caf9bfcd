/** The pages of the console: the only list of them. Each is a folder here, loaded when it is opened. */
import { lazy, type ComponentType } from "react";
import type { Scope } from "../../api/keys";
import type { Texts } from "../../i18n/en";
import type { Operator } from "./operator";

export interface ConsolePage {
  /** The key of its name in `texts.console.tabs`. */
  name: keyof Texts["console"]["tabs"];
  path: string;
  /** Former paths, which lead here. */
  former?: readonly string[];
  /** One of these scopes opens it. */
  scopes?: readonly Scope[];
  Page: ComponentType;
  /** What `path`/<id> shows, with a heading of its own; without it, `Page` shows that too. */
  Item?: ComponentType;
}

export type Group = keyof Texts["console"]["groups"];

/** Groups of the navigation, by the key of their title in `texts.console.groups`. */
export const GROUPS: Record<Group, readonly ConsolePage[]> = {
  now: [
    { name: "overview", path: "/console", Page: lazy(() => import("./overview/page")) },
    { name: "payments", path: "/console/payments", Page: lazy(() => import("./payments/page")), Item: lazy(() => import("./payments/payment")) },
    { name: "acquirer", path: "/console/acquirer", Page: lazy(() => import("./acquirer/page")) },
    { name: "actions", path: "/console/actions", Page: lazy(() => import("./actions/page")) },
  ],
  money: [
    { name: "settlements", path: "/console/settlements", Page: lazy(() => import("./settlements/page")), Item: lazy(() => import("./settlements/batch")) },
    { name: "fees", path: "/console/fees", Page: lazy(() => import("./fees/page")) },
    { name: "reconciliation", path: "/console/reconciliation", Page: lazy(() => import("./reconciliation/page")), Item: lazy(() => import("./reconciliation/exception")) },
  ],
  books: [
    { name: "ledger", path: "/console/ledger", Page: lazy(() => import("./ledger/page")) },
    { name: "findings", path: "/console/audit", former: ["/console/findings"], Page: lazy(() => import("./audit/page")) },
  ],
  delivery: [
    { name: "parked", path: "/console/outbox", former: ["/console/parked"], Page: lazy(() => import("./outbox/page")) },
    { name: "letters", path: "/console/dead-letters", Page: lazy(() => import("./dead-letters/page")) },
    { name: "breaker", path: "/console/breaker", Page: lazy(() => import("./breaker/page")) },
  ],
  access: [
    { name: "keys", path: "/console/keys", scopes: ["read", "administer"], Page: lazy(() => import("./keys/page")) },
  ],
};

export const PAGES: readonly ConsolePage[] = Object.values(GROUPS).flat();

/** Scopes that open a page. */
export function scopesOf({ scopes = ["read"] }: ConsolePage): readonly Scope[] {
  return scopes;
}

export function mayOpen(operator: Operator, page: ConsolePage): boolean {
  return scopesOf(page).some((scope) => operator.may(scope));
}

/** The page of a section of the address ("ledger"), also by a former path; undefined: there is none. */
export function pageOf(section: string | undefined): ConsolePage | undefined {
  const path = section === undefined ? "/console" : `/console/${section}`;
  return PAGES.find((page) => page.path === path || page.former?.includes(path) === true);
}
