/** Capture, refund, void: all of it or a part. */
import { useState } from "react";
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

export function ChangePanel({ payment }: { payment: Payment }) {
  const texts = useTexts();
  const { start, mutation, undecided } = useStep(payment);
  return (
    <Panel title={texts.order.actions}>
      {undecided === null ? (
        <Choices payment={payment} busy={mutation.isPending} onSend={start} />
      ) : (
        <Again step={undecided} currency={payment.currency} error={mutation.error} retry={() => { start(undecided); }} />
      )}
      {mutation.isError && undecided === null && <Problem error={mutation.error} />}
      {mutation.isSuccess && (
        <Notice tone="good">
          <p>
            {texts.order.done[mutation.variables.operation]}
            {mutation.variables.amount !== null && <>: <Amount minor={mutation.variables.amount} currency={payment.currency} /></>}
          </p>
        </Notice>
      )}
    </Panel>
  );
}

function Choices({ payment, busy, onSend }: { payment: Payment; busy: boolean; onSend: (step: Step) => void }) {
  const texts = useTexts();
  const { paymentId, currency } = payment;
  const open = openAmount(payment);
  const refundable = refundableAmount(payment);
  const step = (operation: Step["operation"], amount: number | null) => { onSend({ operation, paymentId, amount }); };
  return (
    <>
      {open === 0 && refundable === 0 && <p className={styles.muted}>{texts.order.nothingLeft}</p>}
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
      <p>{texts.order.undecided(what)}</p>
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
