/** What can be done to a payment now, and the result of what was done. */
import { useState } from "react";
import { isUndecided, newKey } from "../../../api/attempt";
import type { Change, ChangeName, DeskPayment } from "../../../api/desk";
import type { Texts } from "../../../i18n/en";
import { useTexts } from "../../../i18n/language";
import { formatMoney } from "../../../money/money";
import { Button } from "../../../ui/button";
import { Notice, Problem } from "../../../ui/notice";
import { Panel } from "../../../ui/panel";
import { useChange } from "./change";
import { ChangeDialog } from "./change-dialog";
import styles from "./payment.module.css";

const CHANGES = ["capture", "refund", "void"] as const;

/** A dialog that was opened, with its idempotency key. */
interface Opened {
  operation: ChangeName;
  key: string;
}

export function Changes({ payment }: { payment: DeskPayment }) {
  const texts = useTexts();
  const [opened, setOpened] = useState<Opened | null>(null);
  const { start, mutation, undecided } = useChange(payment.paymentId);
  const { possible, currency } = payment;
  const shown = CHANGES.filter((operation) => possible[operation] > 0);
  const open = (operation: ChangeName) => {
    mutation.reset();
    setOpened({ operation, key: newKey() });
  };
  return (
    <Panel title={texts.change.title}>
      {undecided !== null && opened === null ? (
        <Again change={undecided} currency={currency} error={mutation.error} retry={() => { start({ change: undecided }); }} />
      ) : (
        <ul className={styles.changes}>
          {shown.length === 0 && <li className={styles.muted}>{texts.change.nothing}</li>}
          {shown.map((operation) => (
            <li key={operation}>
              <Button kind={operation === "void" ? "danger" : "plain"} aria-haspopup="dialog" onClick={() => { open(operation); }}>{texts.change.open[operation]}</Button>
              <span className={styles.muted}>
                {(operation === "void" ? texts.change.whole : texts.change.upTo)(formatMoney(possible[operation], currency, texts.locale))}
              </span>
            </li>
          ))}
        </ul>
      )}
      {mutation.isError && undecided === null && opened === null && <Problem error={mutation.error} />}
      {mutation.isSuccess && <Notice tone="good">{saidOf(texts.change.done, mutation.variables.change, currency, texts.locale)}</Notice>}
      {opened !== null && (
        <ChangeDialog
          key={opened.operation}
          operation={opened.operation}
          payment={payment}
          undecided={undecided}
          busy={mutation.isPending}
          error={mutation.error}
          onSend={(change) => {
            start({ change, key: opened.key }, {
              onSuccess: () => { setOpened(null); },
              // Refused: the next one is another request, so it needs another key.
              onError: (error) => { if (!isUndecided(error)) setOpened({ ...opened, key: newKey() }); },
            });
          }}
          onClose={() => { setOpened(null); }}
        />
      )}
    </Panel>
  );
}

/** The sentence about a change with its amount. */
function saidOf(sentences: Texts["change"]["done"], { operation, amount }: Change, currency: string, locale: string): string {
  return sentences[operation](formatMoney(amount, currency, locale));
}

interface AgainProps {
  change: Change;
  currency: string;
  error: unknown;
  retry: () => void;
}

/** A change with an unknown outcome: only sending it again is possible, which is done once. */
function Again({ change, currency, error, retry }: AgainProps) {
  const texts = useTexts();
  return (
    <>
      <p>{texts.change.undecided(saidOf(texts.change.act, change, currency, texts.locale))}</p>
      <p className={styles.muted}>{texts.change.reason}: {change.reason}</p>
      {error === null ? <div><Button kind="primary" onClick={retry}>{texts.state.retry}</Button></div> : <Problem error={error} retry={retry} />}
    </>
  );
}
