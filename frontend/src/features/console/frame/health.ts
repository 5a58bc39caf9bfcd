/** The components of /health, in the order and with the pages that the state line shows. */
import type { Health, HealthStatus } from "../../../api/desk";

const WORST_FIRST: readonly HealthStatus[] = ["DOWN", "DEGRADED", "UP"];

const PAGES: Record<string, string> = {
  relay: "/console/outbox",
  breaker: "/console/breaker",
  ledger: "/console/ledger",
  housekeeping: "/console/audit",
};

export interface Component {
  name: string;
  status: HealthStatus;
  detail: string;
}

/** Worst first; alike, in the API's order. */
export function sortedComponents(health: Health): Component[] {
  const all = Object.entries(health.components).map(([name, part]) => ({ name, ...part }));
  return all.sort((one, other) => WORST_FIRST.indexOf(one.status) - WORST_FIRST.indexOf(other.status));
}

export function badComponents(health: Health): Component[] {
  return sortedComponents(health).filter(({ status }) => status !== "UP");
}

/** Where an operator sees more of a component; the overview for those without a page. */
export function componentPage(name: string): string {
  return PAGES[name] ?? "/console";
}
