/** Capture, refund, void: all of it or a part. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Attempts } from "../../api/attempt";
import { openAmount, refundableAmount, send, type Payment, type Step } from "../../api/payments";
import { useTexts } from "../../i18n/language";
import { formatMoney, parseMoney, toDecimal } from "../../money/money";
import { Amount } from "../../payment/amount";
import { Button } from "../../ui/button";
import { Notice, Problem } from "../../ui/notice";
import { Panel, TextField } from "../../ui/panel";
import styles from "./store.module.css";

function useStep(payment: Payment) {
  const running = useRef(false);
  const [attempts] = useState(() => new Attempts());
  const client = useQueryClient();
  const mutation = useMutation({
    mutationFn: (step: Step) => attempts.run(`${step.operation} ${step.amount ?? "all"}`, (key) => send(step, key)),
    onSettled: async () => {
      running.current = false;
      await client.invalidateQueries({ queryKey: ["payment", payment.merchantId, payment.paymentId] });
    },
  });
  const start = (step: Step) => {
    if (running.current) return;
    running.current = true;
    mutation.mutate(step);
  };
  return { start, mutation };
}

export function ChangePanel({ payment }: { payment: Payment }) {
  const texts = useTexts();
  const { start, mutation } = useStep(payment);
  const { paymentId, merchantId, currency } = payment;
  const open = openAmount(payment);
  const refundable = refundableAmount(payment);
  const step = (operation: Step["operation"], amount: number | null) => { start({ operation, paymentId, merchantId, amount }); };
  return (
    <Panel title={texts.order.actions}>
      {open === 0 && refundable === 0 && <p className={styles.muted}>{texts.order.nothingLeft}</p>}
      {open > 0 && (
        <Part key={`capture ${open}`} action={texts.order.capture} most={open} currency={currency} busy={mutation.isPending} onSend={(amount) => { step("capture", amount); }} />
      )}
      {refundable > 0 && (
        <Part key={`refund ${refundable}`} action={texts.order.refund} most={refundable} currency={currency} busy={mutation.isPending} onSend={(amount) => { step("refund", amount); }} />
      )}
      {open > 0 && <Button kind="danger" aria-disabled={mutation.isPending} onClick={() => { step("void", null); }}>{texts.order.void}</Button>}
      {mutation.isError && <Problem error={mutation.error} retry={() => { start(mutation.variables); }} />}
      {mutation.isSuccess && (
        <Notice tone="good">
          <p>
            {texts.order.done[mutation.variables.operation]}
            {mutation.variables.amount !== null && <>: <Amount minor={mutation.variables.amount} currency={currency} /></>}
          </p>
        </Notice>
      )}
    </Panel>
  );
}

interface PartProps {
  action: string;
  most: number;
  currency: string;
  busy: boolean;
  onSend: (amount: number) => void;
}

function Part({ action, most, currency, busy, onSend }: PartProps) {
  const texts = useTexts();
  const [text, setText] = useState(toDecimal(most, currency));
  const amount = parseMoney(text, currency);
  const good = amount !== null && amount <= most;
  const half = Math.floor(most / 2);
  return (
    <form
      className={styles.list}
      onSubmit={(event) => {
        event.preventDefault();
        if (good) onSend(amount);
      }}
    >
      <div className={styles.amount}>
        <TextField
          label={`${action} (${currency})`}
          inputMode="decimal"
          autoComplete="off"
          value={text}
          aria-invalid={!good}
          onChange={(event) => { setText(event.target.value); }}
        />
        <Button disabled={half === 0} onClick={() => { setText(toDecimal(half, currency)); }}>{texts.order.half}</Button>
        <Button onClick={() => { setText(toDecimal(most, currency)); }}>{texts.order.all}</Button>
      </div>
      {!good && <Notice tone="bad">{texts.order.badAmount(formatMoney(most, currency, texts.locale))}</Notice>}
      <Button type="submit" kind="primary" disabled={!good} aria-disabled={busy}>{action}</Button>
    </form>
  );
}
