/** A capture, refund or void of one payment: sent once, and again with the same key until its outcome is known. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { Undecided } from "../../api/attempt";
import { send, type Payment, type Step } from "../../api/payments";

/** The step of this payment with an unknown outcome. While there is one, no other is sent. */
export function undecidedStep(paymentId: number): Undecided<Step> {
  return new Undecided<Step>(`payops.step.${paymentId}`, isStep);
}

function isStep(value: unknown): value is Step {
  return typeof value === "object" && value !== null && "operation" in value && "paymentId" in value && "amount" in value;
}

interface Started {
  step: Step;
  /** undefined: a new one, or that of the step that is undecided. */
  key: string | undefined;
}

/** `start` does nothing while a step runs. */
export function useStep(payment: Payment) {
  const running = useRef(false);
  const client = useQueryClient();
  const undecided = undecidedStep(payment.paymentId);
  const mutation = useMutation({
    mutationFn: ({ step, key }: Started) => undecided.run(step, (used) => send(step, used), key),
    onSettled: async () => {
      running.current = false;
      await client.invalidateQueries({ queryKey: ["payment", payment.paymentId] });
    },
  });
  const start = (step: Step, key?: string) => {
    if (running.current) return;
    running.current = true;
    mutation.mutate({ step, key });
  };
  return { start, mutation, undecided: mutation.isPending ? null : undecided.request };
}
