import { useQuery } from "@tanstack/react-query";
import type { Ref } from "react";
import { isDeclined, isNotDone } from "../../api/attempt";
import { acquirerQuery } from "../../api/cards";
import { useTexts } from "../../i18n/language";
import { Amount } from "../../payment/amount";
import { Button } from "../../ui/button";
import { Empty, Problem } from "../../ui/notice";
import { Choice, Panel } from "../../ui/panel";
import { CARD_NAMES, lastFour, type CardName } from "./cards";
import { Picture } from "./picture";
import { productOf } from "./products";
import { orderOf, purchaseOf, undecidedPurchase, type Draft, type Purchase, type useDraft, type usePurchase } from "./purchase";
import styles from "./shop.module.css";

const QUANTITY_LIMIT = 9;

interface Props {
  ref: Ref<HTMLElement>;
  /** Gets the part with the buttons, and null when there is none. */
  actions: Ref<HTMLDivElement>;
  draft: ReturnType<typeof useDraft>;
  purchase: ReturnType<typeof usePurchase>;
}

/** The chosen product and the buttons that pay for it; while a purchase is undecided, only that one. */
export function OrderPanel({ ref, actions, draft: { draft, ...change }, purchase: { start, mutation } }: Props) {
  const texts = useTexts();
  const undecided = mutation.isPending ? null : undecidedPurchase.request;
  const leave = () => {
    undecidedPurchase.leave();
    mutation.reset();
    change.renewKey(); // the one that was left has another payment method
  };
  return (
    <aside ref={ref} className={styles.order} tabIndex={-1} aria-label={texts.shop.order}>
      <Panel title={texts.shop.order}>
        {undecided !== null && <Again ref={actions} purchase={undecided} error={mutation.error} retry={() => { start(undecided, null); }} onLeave={leave} />}
        {undecided === null && draft === null && (mutation.isError ? <Failed error={mutation.error} /> : <Empty>{texts.shop.nothing}</Empty>)}
        {undecided === null && draft !== null && (
          <>
            <Chosen draft={draft} busy={mutation.isPending} onQuantity={change.changeQuantity} />
            <CardChoice card={draft.card} busy={mutation.isPending} onChange={change.changeCard} />
            <div ref={actions} className={styles.buttons}>
              <Button kind="primary" aria-disabled={mutation.isPending} onClick={() => { start(purchaseOf(draft, true), draft.card); }}>
                {mutation.isPending ? texts.shop.paying : texts.shop.buy}
              </Button>
              <Button aria-disabled={mutation.isPending} onClick={() => { start(purchaseOf(draft, false), draft.card); }}>{texts.shop.authorize}</Button>
            </div>
            {mutation.isError && <Failed error={mutation.error} />}
            <Key draft={draft} busy={mutation.isPending} onRenew={change.renewKey} onReset={() => { mutation.reset(); change.reset(); }} />
          </>
        )}
      </Panel>
    </aside>
  );
}

/** A purchase that was refused: nothing was charged. */
function Failed({ error }: { error: unknown }) {
  const { acquiring } = useTexts();
  return (
    <>
      <Problem error={error} />
      {isDeclined(error) && <p>{acquiring.anotherCard}</p>}
    </>
  );
}

interface AgainProps {
  ref: Ref<HTMLDivElement>;
  purchase: Purchase;
  error: unknown;
  retry: () => void;
  onLeave: () => void;
}

/**
 * A purchase with an unknown outcome: sent again with its key, it is paid once and its outcome is known. One that was
 * certainly not done can be left, too.
 */
function Again({ ref, purchase, error, retry, onLeave }: AgainProps) {
  const texts = useTexts();
  const notDone = isNotDone(error);
  const { order, quantity, productId } = purchase;
  return (
    <>
      <p>
        {productOf(productId)?.name ?? productId} × {quantity}: <Amount minor={order.amount} currency={order.currency} />
      </p>
      <p>{notDone ? texts.acquiring.orderNotPaid : texts.shop.undecided}</p>
      <div ref={ref} className={styles.buttons}>
        {error === null ? <Button kind="primary" onClick={retry}>{texts.state.retry}</Button> : <Problem error={error} retry={retry} />}
        {notDone && <Button onClick={onLeave}>{texts.acquiring.leave}</Button>}
      </div>
      <div className={styles.key}>
        <span className={styles.muted}>{texts.shop.key}</span>
        <code data-testid="key">{order.idempotencyKey}</code>
      </div>
    </>
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
        <span>{texts.shop.quantity}</span>
        <span className={styles.stepper}>
          <Button small aria-label={texts.shop.less} disabled={busy || quantity === 1} onClick={() => { onQuantity(quantity - 1); }}>−</Button>
          <output aria-live="polite">{quantity}</output>
          <Button small aria-label={texts.shop.more} disabled={busy || quantity === QUANTITY_LIMIT} onClick={() => { onQuantity(quantity + 1); }}>+</Button>
        </span>
      </div>
      <div className={styles.line}>
        <span>{texts.shop.total}</span>
        <span className={styles.total}><Amount minor={orderOf(draft).amount} currency={currency} /></span>
      </div>
    </>
  );
}

/** The card that pays; nothing where the merchant has no acquirer. */
function CardChoice({ card, busy, onChange }: { card: CardName; busy: boolean; onChange: (card: CardName) => void }) {
  const { acquiring } = useTexts();
  const acquirer = useQuery(acquirerQuery()).data ?? null;
  if (acquirer === null) return null;
  return (
    <div className={styles.hinted}>
      <Choice label={acquiring.card} value={card} disabled={busy} onChange={(event) => { onChange(event.target.value as CardName); }}>
        {CARD_NAMES.map((name) => <option key={name} value={name}>•••• {lastFour(name)} · {acquiring.cards[name]}</option>)}
      </Choice>
      <p className={styles.muted}>{acquiring.cardHint}</p>
    </div>
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
      <span className={styles.muted}>{texts.shop.key}</span>
      <code data-testid="key">{draft.key}</code>
      <span className={styles.muted}>{texts.shop.keyHint}</span>
      <span className={styles.line}>
        <Button kind="quiet" small disabled={busy} onClick={onRenew}>{texts.shop.newKey}</Button>
        <Button kind="quiet" small disabled={busy} onClick={onReset}>{texts.shop.reset}</Button>
      </span>
    </div>
  );
}
