import { openAmount, type Stepped } from "../api/payments";
import { useTexts } from "../i18n/language";
import { dateAndTime } from "../i18n/time";
import { Amount } from "./amount";
import styles from "./timeline.module.css";

/** The amounts of a payment and its dates. */
export function Facts({ payment }: { payment: Stepped }) {
  const texts = useTexts();
  const isAuthorized = payment.status !== "PROCESSING" && payment.status !== "DECLINED";
  const amounts = [
    [isAuthorized ? texts.order.amount : texts.acquiring.asked, payment.amount],
    [texts.order.captured, payment.capturedAmount],
    [texts.order.refunded, payment.refundedAmount],
    [texts.order.released, payment.releasedAmount],
    [texts.order.open, openAmount(payment)],
  ] as const;
  return (
    <dl className={styles.facts}>
      {amounts.map(([name, minor]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd><Amount minor={minor} currency={payment.currency} /></dd>
        </div>
      ))}
      <div>
        <dt>{openAmount(payment) > 0 ? texts.order.expires : texts.order.placed}</dt>
        <dd>{dateAndTime(openAmount(payment) > 0 ? payment.expiresAt : payment.createdAt, texts.locale)}</dd>
      </div>
    </dl>
  );
}
