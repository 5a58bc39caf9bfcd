import type { DeskPayment } from "../../../api/desk";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { FactList, type Fact } from "../../../ui/fact-list";
import { Panel } from "../../../ui/panel";
import { CopyButton } from "../frame/copy";
import { BatchesLink, MerchantLink } from "../frame/ids";
import styles from "./payment.module.css";

/** Merchant, key and dates of a payment. */
export function Details({ payment }: { payment: DeskPayment }) {
  const texts = useTexts();
  const { desk, locale } = texts;
  const facts: Fact[] = [
    [texts.console.merchant, <MerchantLink key="merchant" id={payment.merchantId} />],
    [texts.settlements.ofMerchant, <BatchesLink key="batches" merchantId={payment.merchantId} currency={payment.currency}>{payment.currency}</BatchesLink>],
    [desk.key, <Copied key="key" name={desk.key} text={payment.idempotencyKey} />],
    [desk.created, dateAndTime(payment.createdAt, locale)],
    [desk.updated, dateAndTime(payment.updatedAt, locale)],
    [desk.ends, dateAndTime(payment.expiresAt, locale)],
    ...(payment.releaseReason === null ? [] : [[desk.release, desk.releases[payment.releaseReason]] satisfies Fact]),
  ];
  return (
    <Panel title={desk.facts}>
      <FactList facts={facts} className={styles.facts} />
    </Panel>
  );
}

function Copied({ name, text }: { name: string; text: string }) {
  return <span className={styles.copied}><code>{text}</code><CopyButton name={name} text={text} /></span>;
}
