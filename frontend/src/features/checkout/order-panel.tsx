import type { Ref } from "react";
import { useTexts } from "../../i18n/language";
import { Amount } from "../../payment/amount";
import { Button } from "../../ui/button";
import { Empty, Problem } from "../../ui/notice";
import { Panel } from "../../ui/panel";
import { Picture } from "./picture";
import { orderOf, type Draft, type useDraft, type usePurchase } from "./purchase";
import styles from "./store.module.css";

const MOST = 9;

interface Props {
  ref: Ref<HTMLElement>;
  draft: ReturnType<typeof useDraft>;
  purchase: ReturnType<typeof usePurchase>;
}

/** The chosen product and the buttons that pay for it. */
export function OrderPanel({ ref, draft: { draft, ...change }, purchase: { start, mutation } }: Props) {
  const texts = useTexts();
  return (
    <aside ref={ref} className={styles.order} tabIndex={-1} aria-label={texts.store.order}>
      <Panel title={texts.store.order}>
        {draft === null ? (
          <Empty>{texts.store.nothing}</Empty>
        ) : (
          <>
            <Chosen draft={draft} busy={mutation.isPending} onQuantity={change.changeQuantity} />
            <div className={styles.buttons}>
              <Button kind="primary" aria-disabled={mutation.isPending} onClick={() => { start(draft, true); }}>
                {mutation.isPending ? texts.store.paying : texts.store.buy}
              </Button>
              <Button aria-disabled={mutation.isPending} onClick={() => { start(draft, false); }}>{texts.store.authorize}</Button>
            </div>
            {mutation.isError && (
              <Problem error={mutation.error} retry={() => { start(draft, mutation.variables.captureToo); }} />
            )}
            <Key draft={draft} busy={mutation.isPending} onRenew={change.renewKey} onReset={() => { mutation.reset(); change.reset(); }} />
          </>
        )}
      </Panel>
    </aside>
  );
}

function Chosen({ draft, busy, onQuantity }: { draft: Draft; busy: boolean; onQuantity: (quantity: number) => void }) {
  const texts = useTexts();
  const { product, quantity, currency } = draft;
  return (
    <>
      <div className={styles.chosen}>
        <div className={styles.thumb}><Picture product={product} /></div>
        <div>
          <h3>{product.name}</h3>
          <p className={styles.muted}>{product.maker} · <Amount minor={product.price[currency]} currency={currency} /></p>
        </div>
      </div>
      <div className={styles.line}>
        <span>{texts.store.quantity}</span>
        <span className={styles.stepper}>
          <Button small aria-label={texts.store.less} disabled={busy || quantity === 1} onClick={() => { onQuantity(quantity - 1); }}>−</Button>
          <output aria-live="polite">{quantity}</output>
          <Button small aria-label={texts.store.more} disabled={busy || quantity === MOST} onClick={() => { onQuantity(quantity + 1); }}>+</Button>
        </span>
      </div>
      <div className={styles.line}>
        <span>{texts.store.total}</span>
        <span className={styles.total}><Amount minor={orderOf(draft).amount} currency={currency} /></span>
      </div>
    </>
  );
}

interface KeyProps {
  draft: Draft;
  busy: boolean;
  onRenew: () => void;
  onReset: () => void;
}

function Key({ draft, busy, onRenew, onReset }: KeyProps) {
  const texts = useTexts();
  return (
    <div className={styles.key}>
      <span className={styles.muted}>{texts.store.key}</span>
      <code data-testid="key">{draft.key}</code>
      <span className={styles.muted}>{texts.store.keyHint}</span>
      <span className={styles.line}>
        <Button kind="quiet" small disabled={busy} onClick={onRenew}>{texts.store.newKey}</Button>
        <Button kind="quiet" small disabled={busy} onClick={onReset}>{texts.store.reset}</Button>
      </span>
    </div>
  );
}
