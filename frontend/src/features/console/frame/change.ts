/** A change from a dialog, which stays open while it is refused or its outcome is unknown. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiProblem } from "../../../api/client";

/**
 * `run` hands over its result itself and returns nothing: React Query keeps what a mutation returns, and that must not
 * be a key. `changed` names the queries that are asked again.
 */
export function useChange(run: () => Promise<void>, onClose: () => void, changed: readonly string[]) {
  const client = useQueryClient();
  const mutation = useMutation({
    mutationFn: run,
    onSuccess: onClose,
    onSettled: async () => {
      await Promise.all(changed.map((name) => client.invalidateQueries({ queryKey: [name] })));
    },
  });
  return { start: () => { mutation.mutate(); }, busy: mutation.isPending, error: mutation.error };
}

const UNKNOWN: ReadonlySet<string> = new Set(["NETWORK", "UNREADABLE", "OUTCOME_UNKNOWN"]);

/** Whether the change may have been done although there was no answer. */
export function isUnknown(error: unknown): boolean {
  return !(error instanceof ApiProblem) || UNKNOWN.has(error.code);
}
