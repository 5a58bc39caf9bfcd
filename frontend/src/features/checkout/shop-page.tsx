import { useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useTexts } from "../../i18n/language";
import { Amount } from "../../payment/amount";
import { useMedia } from "../../ui/media";
import { OrderBar } from "./order-bar";
import { OrderPanel } from "./order-panel";
import { Picture } from "./picture";
import { CATEGORIES, CURRENCIES, PRODUCTS, type Currency, type Product } from "./products";
import { useDraft, usePurchase } from "./purchase";
import styles from "./shop.module.css";

const BESIDE = "(min-width: 62rem)"; // the panel is beside the products, as in shop.module.css

/** The shop: choose, and buy beside it; on a narrow screen in a bar. */
export function ShopPage() {
  const texts = useTexts();
  const navigate = useNavigate();
  const draft = useDraft();
  const panel = useRef<HTMLElement>(null);
  const isBeside = useMedia(BESIDE);
  const isCalm = useMedia("(prefers-reduced-motion: reduce)");
  const [actions, setActions] = useState<Element | null>(null);
  const purchase = usePurchase(({ paymentId, captureError }) => {
    void navigate(`/orders/${paymentId}`, { state: { captureFailed: captureError !== null } });
  }, draft.renewKey);
  const show = () => {
    panel.current?.focus({ preventScroll: true });
    panel.current?.scrollIntoView({ block: "nearest", behavior: isCalm ? "auto" : "smooth" });
  };
  const choose = (product: Product) => {
    draft.choose(product);
    purchase.mutation.reset();
    if (isBeside) show();
  };
  return (
    <>
      <div className={styles.page}>
        <div className={styles.intro}>
          <div>
            <h1>{texts.shop.title}</h1>
            <p className={styles.lead}>{texts.shop.lead}</p>
          </div>
          <CurrencyChoice currency={draft.currency} onChange={draft.changeCurrency} />
        </div>
        <div className={styles.columns}>
          <div className={styles.shelves}>
            {CATEGORIES.map((category) => (
              <section key={category} className={styles.shelf} aria-label={texts.shop.categories[category]}>
                <h2>{texts.shop.categories[category]}</h2>
                <div className={styles.grid}>
                  {PRODUCTS.filter((product) => product.category === category).map((product) => (
                    <Card
                      key={product.id}
                      product={product}
                      currency={draft.currency}
                      chosen={draft.draft?.product.id === product.id}
                      onChoose={() => { choose(product); }}
                    />
                  ))}
                </div>
              </section>
            ))}
          </div>
          <OrderPanel ref={panel} actions={setActions} draft={draft} purchase={purchase} />
        </div>
      </div>
      {!isBeside && <OrderBar draft={draft.draft} purchase={purchase} actions={actions} onShow={show} />}
    </>
  );
}

interface CardProps {
  product: Product;
  currency: Currency;
  chosen: boolean;
  onChoose: () => void;
}

function Card({ product, currency, chosen, onChoose }: CardProps) {
  return (
    <button type="button" className={styles.card} aria-pressed={chosen} onClick={onChoose}>
      <Picture product={product} />
      <span className={styles.words}>
        <span className={styles.maker}>{product.maker}</span>
        <span className={styles.name}>{product.name}</span>
        <span className={styles.price}><Amount minor={product.price[currency]} currency={currency} /></span>
      </span>
    </button>
  );
}

function CurrencyChoice({ currency, onChange }: { currency: Currency; onChange: (currency: Currency) => void }) {
  const texts = useTexts();
  return (
    <div className={styles.currency} role="group" aria-labelledby="currency">
      <span id="currency">{texts.shop.currency}</span>
      <span className={styles.group}>
        {CURRENCIES.map((code) => (
          <button key={code} type="button" aria-pressed={code === currency} onClick={() => { onChange(code); }}>{code}</button>
        ))}
      </span>
    </div>
  );
}
