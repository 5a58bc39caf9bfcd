import { Link } from "react-router";
import type { DeskEvent } from "../../../api/desk";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { CopyButton } from "../frame/copy";
import { SEARCH } from "../frame/search-box";
import styles from "./payment.module.css";

/** An event's date and ids. Its request and trace lead to the other payments of the same. */
export function EventIds({ event }: { event: DeskEvent }) {
  const texts = useTexts();
  const ids = [
    [texts.desk.event, String(event.eventId), null],
    [texts.desk.request, event.requestId, "requestId"],
    [texts.desk.trace, event.traceId, "traceId"],
  ] as const;
  return (
    <dl className={styles.ids}>
      <div>
        <dt>{texts.timeline.committed}</dt>
        <dd>{dateAndTime(event.occurredAt, texts.locale)}</dd>
      </div>
      {ids.map(([name, id, filter]) => id !== null && (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={styles.copied}>
            <code>{filter === null ? id : <Link to={`${SEARCH}?${new URLSearchParams({ [filter]: id }).toString()}`}>{id}</Link>}</code>
            <CopyButton name={`${name} ${id}`} text={id} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
