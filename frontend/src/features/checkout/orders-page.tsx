import { Link } from "react-router";
import { useTexts } from "../../i18n/language";
import { Amount } from "../../payment/amount";
import { buttonClass } from "../../ui/button";
import { Empty } from "../../ui/notice";
import { keptOrders } from "./orders";
import { Picture } from "./picture";
import { productOf } from "./products";
import styles from "./shop.module.css";

/** The orders that this browser has made. */
export function OrdersPage() {
  const texts = useTexts();
  const orders = keptOrders();
  return (
    <div className={styles.page}>
      <h1>{texts.order.list}</h1>
      {orders.length === 0 && (
        <>
          <Empty>{texts.order.none}</Empty>
          <p><Link to="/" className={buttonClass("primary")}>{texts.shell.home}</Link></p>
        </>
      )}
      <ul className={styles.list}>
        {orders.map((order) => {
          const product = productOf(order.productId);
          return (
            <li key={order.paymentId}>
              <Link className={styles.kept} to={`/orders/${order.paymentId}`}>
                <span className={styles.thumb}>{product !== undefined && <Picture product={product} />}</span>
                <span>
                  <strong>{texts.order.title(order.paymentId)}</strong>
                  <br />
                  <span className={styles.muted}>{product?.name} × {order.quantity}</span>
                </span>
                <Amount minor={order.amount} currency={order.currency} />
              </Link>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
