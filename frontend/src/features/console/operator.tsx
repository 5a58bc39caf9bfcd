/** Who works at the console, and what the key may do. The key is only in this component's memory: in no storage, cookie or URL. */
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from "react";
import { ApiProblem } from "../../api/client";
import type { Caller, Scope } from "../../api/keys";
import { Login, type Entered } from "./login";

export interface Operator {
  /** The key, or the admin token: sent with each request. */
  token: string;
  caller: Caller;
  may: (scope: Scope) => boolean;
  leave: () => void;
}

/** Given directly only by tests; pages get it from WithOperator. */
export const OperatorContext = createContext<Operator | null>(null);

export function useOperator(): Operator {
  const operator = use(OperatorContext);
  if (operator === null) throw new Error("WithOperator is missing");
  return operator;
}

/** Asks for a key before it renders its children, and again, with the reason, when the key has ended. */
export function WithOperator({ children }: { children: ReactNode }) {
  const [entered, setEntered] = useState<Entered | null>(null);
  const [ended, setEnded] = useState<ApiProblem | null>(null);
  const client = useQueryClient();
  const leave = useCallback((why: ApiProblem | null) => {
    setEntered(null);
    setEnded(why);
    client.clear(); // also the answers to requests with the key
  }, [client]);
  const operator = useMemo(
    () => (entered === null ? null : { ...entered, may: (scope: Scope) => entered.caller.scopes.includes(scope), leave: () => { leave(null); } }),
    [entered, leave],
  );
  useEffect(() => (operator === null ? undefined : whenRefused(client, leave)), [client, operator, leave]);
  return operator === null ? <Login ended={ended} onEnter={setEntered} /> : <OperatorContext value={operator}>{children}</OperatorContext>;
}

/** Refusals that every other request with the key would get, too. */
const ENDS: ReadonlySet<string> = new Set(["UNAUTHORIZED", "API_KEY_INVALID", "API_KEY_EXPIRED", "NETWORK_NOT_ALLOWED"]);

/** Calls `then` when any request is refused because of its key; returns what ends that. */
function whenRefused(client: QueryClient, then: (why: ApiProblem) => void): () => void {
  const check = (event: { type: string; action?: { type: string; error?: unknown } }) => {
    const error = event.type === "updated" && event.action?.type === "error" ? event.action.error : null;
    if (error instanceof ApiProblem && ENDS.has(error.code)) then(error);
  };
  const ends = [client.getQueryCache().subscribe(check), client.getMutationCache().subscribe(check)];
  return () => { for (const end of ends) end(); };
}
