/** Capture, refund, void: all of it or a part. */
import { useEffect, useState } from "react";
import { isNotDone } from "../../api/attempt";
import { openAmount, refundableAmount, type Payment, type Step } from "../../api/payments";
import { useTexts } from "../../i18n/language";
import { formatMoney, toDecimal } from "../../money/money";
import { Amount } from "../../payment/amount";
import { AmountField, amountWithin } from "../../payment/amount-field";
import { Button } from "../../ui/button";
import { Notice, Problem } from "../../ui/notice";
import { Panel } from "../../ui/panel";
import { useStep } from "./step";
import styles from "./shop.module.css";

interface Props {
  payment: Payment;
  /** The key of a capture that is sent by itself once the payment is authorized, and null when there is none. */
  captureKey: string | null;
}

export function ChangePanel({ payment, captureKey }: Props) {
  const texts = useTexts();
  const { start, mutation, undecided } = useStep(payment);
  const { paymentId } = payment;
  const isDue = captureKey !== null && payment.status === "AUTHORIZED" && undecided === null;
  useEffect(() => {
    // Once, however often: repeated, after a reload too, it is the same request with the same key.
    if (isDue && mutation.isIdle) start({ operation: "capture", paymentId, amount: null }, captureKey);
  });
  return (
    <Panel title={texts.order.actions}>
      {undecided === null ? (
        <Choices payment={payment} busy={mutation.isPending} onSend={start} />
      ) : (
        <Again step={undecided} currency={payment.currency} error={mutation.error} retry={() => { start(undecided); }} />
      )}
      {mutation.isError && undecided === null && <Problem error={mutation.error} />}
      {mutation.isSuccess && mutation.data.status !== 202 && <Done step={mutation.variables.step} currency={payment.currency} />}
    </Panel>
  );
}

function Done({ step, currency }: { step: Step; currency: string }) {
  const texts = useTexts();
  return (
    <Notice tone="good">
      <p>
        {texts.order.done[step.operation]}
        {step.amount !== null && <>: <Amount minor={step.amount} currency={currency} /></>}
      </p>
    </Notice>
  );
}

function Choices({ payment, busy, onSend }: { payment: Payment; busy: boolean; onSend: (step: Step) => void }) {
  const texts = useTexts();
  const { paymentId, currency } = payment;
  const open = openAmount(payment);
  const refundable = refundableAmount(payment);
  const processing = payment.operations.filter((one) => one.state === "PROCESSING");
  const step = (operation: Step["operation"], amount: number | null) => { onSend({ operation, paymentId, amount }); };
  return (
    <>
      {processing.map((one) => (
        <p key={one.operationId} className={styles.muted}>
          {texts.acquiring.stepProcessing(`${texts.acquiring.kinds[one.kind]} ${formatMoney(one.amount, currency, texts.locale)}`)}
        </p>
      ))}
      {open === 0 && refundable === 0 && processing.length === 0 && <p className={styles.muted}>{texts.order.nothingLeft}</p>}
      {open > 0 && (
        <Part key={`capture ${open}`} action={texts.order.capture} limit={open} currency={currency} busy={busy} onSend={(amount) => { step("capture", amount); }} />
      )}
      {refundable > 0 && (
        <Part key={`refund ${refundable}`} action={texts.order.refund} limit={refundable} currency={currency} busy={busy} onSend={(amount) => { step("refund", amount); }} />
      )}
      {open > 0 && <Button kind="danger" aria-disabled={busy} onClick={() => { step("void", null); }}>{texts.order.void}</Button>}
    </>
  );
}

/** A step with an unknown outcome: only sending it again is possible, which is done once. */
function Again({ step, currency, error, retry }: { step: Step; currency: string; error: unknown; retry: () => void }) {
  const texts = useTexts();
  const what = step.amount === null ? texts.order[step.operation] : texts.order.sum(texts.order[step.operation], formatMoney(step.amount, currency, texts.locale));
  return (
    <>
      <p>{(isNotDone(error) ? texts.acquiring.notDone : texts.order.undecided)(what)}</p>
      {error === null ? <Button kind="primary" onClick={retry}>{texts.state.retry}</Button> : <Problem error={error} retry={retry} />}
    </>
  );
}

interface PartProps {
  action: string;
  limit: number;
  currency: string;
  busy: boolean;
  onSend: (amount: number) => void;
}

function Part({ action, limit, currency, busy, onSend }: PartProps) {
  const texts = useTexts();
  const [text, setText] = useState(toDecimal(limit, currency));
  const amount = amountWithin(text, currency, limit);
  return (
    <form
      className={styles.list}
      onSubmit={(event) => {
        event.preventDefault();
        if (amount !== null) onSend(amount);
      }}
    >
      <AmountField label={action} currency={currency} limit={limit} text={text} onText={setText} />
      <Button type="submit" kind="primary" disabled={amount === null} aria-disabled={busy}>
        {amount === null ? action : texts.order.sum(action, formatMoney(amount, currency, texts.locale))}
      </Button>
    </form>
  );
}
