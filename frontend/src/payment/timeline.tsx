/** A payment's timeline: each event on its way to the ledger, with its postings. */
import type { ReactNode } from "react";
import type { Entry, Payment, PaymentEvent } from "../api/payments";
import { useTexts } from "../i18n/language";
import { secondsBetween, timeOfDay } from "../i18n/time";
import { Amount } from "./amount";
import styles from "./timeline.module.css";

/** Postings of each event: their space is reserved, so that nothing jumps when they arrive. */
const POSTINGS: Record<PaymentEvent["eventType"], number> = {
  PAYMENT_AUTHORIZED: 1,
  PAYMENT_CAPTURED: 2,
  PAYMENT_REFUNDED: 1,
  PAYMENT_VOIDED: 1,
  PAYMENT_EXPIRED: 1,
};

interface Props<Event extends PaymentEvent> {
  payment: Pick<Payment, "currency" | "ledgerEntries"> & { events: readonly Event[] };
  /** What else is shown of an event. */
  more?: (event: Event) => ReactNode;
}

export function Timeline<Event extends PaymentEvent>({ payment, more }: Props<Event>) {
  const texts = useTexts();
  if (payment.events.length === 0) return <p className={styles.none}>{texts.acquiring.nothingYet}</p>;
  return (
    <ol className={styles.list} aria-label={texts.timeline.title}>
      {payment.events.map((event) => (
        <Step
          key={event.eventId}
          event={event}
          currency={payment.currency}
          entries={payment.ledgerEntries.filter((entry) => entry.eventId === event.eventId)}
        >
          {more?.(event)}
        </Step>
      ))}
    </ol>
  );
}

function Step({ event, currency, entries, children }: { event: PaymentEvent; currency: string; entries: Entry[]; children: ReactNode }) {
  const texts = useTexts();
  return (
    <li className={`${styles.step} ${event.postedAt === null ? styles.waiting : ""}`}>
      <div className={styles.head}>
        <h3>{texts.event[event.eventType]}</h3>
        <Amount minor={event.amount} currency={currency} />
        <time dateTime={event.occurredAt}>{timeOfDay(event.occurredAt, texts.locale)}</time>
      </div>
      <Way event={event} />
      {entries.length === 0 && event.postedAt === null && <Expected count={POSTINGS[event.eventType]} />}
      {entries.length > 0 && (
        <ul className={styles.postings} aria-label={texts.timeline.postings}>
          {entries.map((entry) => (
            <li key={entry.entryId} className={styles.posting}>
              <span>
                <span className={styles.side}>{texts.timeline.debit}</span> {texts.account[entry.debitAccount]}
              </span>
              <span>
                <span className={styles.side}>{texts.timeline.credit}</span> {texts.account[entry.creditAccount]}
              </span>
              <Amount minor={entry.amount} currency={entry.currency} />
            </li>
          ))}
        </ul>
      )}
      {children}
    </li>
  );
}

function Expected({ count }: { count: number }) {
  return (
    <div className={styles.postings} aria-hidden="true">
      {Array.from({ length: count }, (_, index) => (
        <div key={index} className={`${styles.posting} ${styles.expected}`}>
          <span>–</span>
          <span>–</span>
          <span>–</span>
        </div>
      ))}
    </div>
  );
}

function Way({ event }: { event: PaymentEvent }) {
  const { timeline } = useTexts();
  const after = (time: string) => timeline.after(timeline.seconds(secondsBetween(event.occurredAt, time)));
  return (
    <ul className={styles.way}>
      <li>{timeline.committed}</li>
      {event.publishedAt === null
        ? event.postedAt === null && <li className={styles.pending}>{timeline.waitingToPublish}</li>
        : <li>{timeline.published} {after(event.publishedAt)}</li>}
      {event.postedAt !== null && <li>{timeline.posted} {after(event.postedAt)}</li>}
      {event.postedAt === null && event.publishedAt !== null && <li className={styles.pending}>{timeline.waitingToPost}</li>}
    </ul>
  );
}
