/** The order on narrow screens, where its panel is below all products: in sight until the panel's own buttons are. */
import { useLayoutEffect, useRef } from "react";
import { isNotDone } from "../../api/attempt";
import { ApiProblem } from "../../api/client";
import { problemText, useTexts } from "../../i18n/language";
import { Amount } from "../../payment/amount";
import { Button } from "../../ui/button";
import { useInView } from "../../ui/in-view";
import { visuallyHidden } from "../../ui/panel";
import styles from "./order-bar.module.css";
import { productOf } from "./products";
import { purchaseOf, undecidedPurchase, type Draft, type Purchase, type usePurchase } from "./purchase";

const HEIGHT = 72; // of the bar, in pixels: what it covers is not in sight

interface Props {
  draft: Draft | null;
  purchase: ReturnType<typeof usePurchase>;
  /** The part of the panel with its buttons; null while it has none. */
  actions: Element | null;
  onShow: () => void;
}

export function OrderBar({ draft, purchase: { start, mutation }, actions, onShow }: Props) {
  const { shop } = useTexts();
  const undecided = mutation.isPending ? null : undecidedPurchase.request;
  const shown = undecided ?? (draft === null ? null : purchaseOf(draft, true));
  const inView = useInView(actions, HEIGHT);
  const bar = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    // the focus goes where the action goes
    if (inView && bar.current?.contains(document.activeElement)) actions?.querySelector("button")?.focus({ preventScroll: true });
  }, [inView, actions]);
  const failed = undecided !== null || mutation.isError;
  return (
    <div className={styles.place}>
      <p className={visuallyHidden} role="status">{shown !== null && <Words purchase={shown} />}</p>
      {shown !== null && (
        <section ref={bar} className={styles.bar} aria-label={shop.bar} hidden={inView}>
          <div>
            <Words purchase={shown} />
            {failed && <Note undecided={undecided !== null} error={mutation.error} />}
          </div>
          {failed ? <Show onShow={onShow} /> : <Pay busy={mutation.isPending} onPay={() => { start(shown, draft?.card ?? null); }} />}
        </section>
      )}
    </div>
  );
}

function Words({ purchase: { order, productId, quantity } }: { purchase: Purchase }) {
  const name = productOf(productId)?.name ?? productId;
  return (
    <>
      <span className={styles.name}>{quantity === 1 ? name : `${name} × ${quantity}`}</span>{" "}
      <span className={styles.total}><Amount minor={order.amount} currency={order.currency} /></span>
    </>
  );
}

/** In a line; the panel has the whole message and announces it. */
function Note({ undecided, error }: { undecided: boolean; error: unknown }) {
  const texts = useTexts();
  const code = error instanceof ApiProblem ? error.code : "UNREADABLE";
  return <span className={styles.note}>{undecided && !isNotDone(error) ? texts.shop.undecidedShort : problemText(texts, code)}</span>;
}

function Show({ onShow }: { onShow: () => void }) {
  return <Button onClick={onShow}>{useTexts().shop.showOrder}</Button>;
}

function Pay({ busy, onPay }: { busy: boolean; onPay: () => void }) {
  const { shop } = useTexts();
  return <Button kind="primary" aria-disabled={busy} onClick={onPay}>{busy ? shop.paying : shop.buy}</Button>;
}
