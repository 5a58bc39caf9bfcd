/** A capture, refund or void by an operator: sent once, and again with the same key until its outcome is known. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { Undecided } from "../../../api/attempt";
import { sendChange, type Change } from "../../../api/desk";
import { useOperator } from "../operator";

/** The change of this payment with an unknown outcome. While there is one, no other is sent. */
export function undecidedChange(paymentId: number): Undecided<Change> {
  return new Undecided<Change>(`payops.change.${paymentId}`, isChange);
}

function isChange(value: unknown): value is Change {
  return typeof value === "object" && value !== null && "operation" in value && "amount" in value && "reason" in value;
}

interface Started {
  change: Change;
  /** The key of the dialog; an undecided change has one already, which is used instead. */
  key?: string;
}

/** `start` does nothing while a change runs. */
export function useChange(paymentId: number) {
  const { token } = useOperator();
  const client = useQueryClient();
  const running = useRef(false);
  const undecided = undecidedChange(paymentId);
  const mutation = useMutation({
    mutationFn: ({ change, key }: Started) => undecided.run(change, (used) => sendChange(token, change, used), key),
    onSettled: async () => {
      running.current = false;
      await client.invalidateQueries({ queryKey: ["desk-payment", paymentId] });
    },
  });
  const start = (started: Started, then: { onSuccess?: () => void; onError?: (error: Error) => void } = {}) => {
    if (running.current) return;
    running.current = true;
    mutation.mutate(started, then);
  };
  return { start, mutation, undecided: mutation.isPending ? null : undecided.request };
}
