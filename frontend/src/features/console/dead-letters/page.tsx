import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link, useLocation, useParams } from "react-router";
import { address } from "../../../api/client";
import { deadLetterQuery, deadLettersQuery, type DeadLetterFilter, type DeadLetterState, type DeadLetterSummary, type ErrorType, type Topic } from "../../../api/operations";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { idOf, oneOf, useListAddress } from "../../../ui/address";
import { buttonClass } from "../../../ui/button";
import { Empty, Loading, Problem } from "../../../ui/notice";
import { Badge, Choice, Pager, Panel, Table, type Tone } from "../../../ui/panel";
import styles from "../console.module.css";
import { ExportButton } from "../frame/export-button";
import { useOperator } from "../operator";
import { DeadLetterPanel } from "./dead-letter";
import own from "../beside.module.css";

export const TONES: Record<DeadLetterState, Tone> = { OPEN: "bad", REPLAYING: "warn", RESOLVED: "good", DISCARDED: "plain" };

const LIST = "/console/dead-letters";
const FILTERS = ["state", "topic", "errorType"] as const;
const STATES = Object.keys(TONES) as DeadLetterState[];
const TOPICS: readonly Topic[] = ["payment.authorized", "payment.captured", "payment.refunded", "payment.voided", "payment.expired"];
const ERROR_TYPES: readonly ErrorType[] = ["InvalidJson", "InvalidEvent", "PaymentNotFound", "EventNotFound", "EventMismatch"];

/** The list of dead letters, and, at an address of its own, one of them with its payload. */
export default function DeadLettersPage() {
  const shown = idOf(useParams().id);
  return (
    <div className={`${own.beside} ${shown === null ? "" : own.open}`}>
      <Letters shown={shown} />
      {shown !== null && <OneLetter key={shown} id={shown} />}
    </div>
  );
}

function Letters({ shown }: { shown: number | null }) {
  const texts = useTexts();
  const { token } = useOperator();
  const { filters, filter, paging } = useListAddress(FILTERS);
  const asked: DeadLetterFilter = {
    state: oneOf(filters.state, STATES),
    topic: oneOf(filters.topic, TOPICS),
    errorType: oneOf(filters.errorType, ERROR_TYPES),
  };
  const query = useQuery({ ...deadLettersQuery(token, asked, paging.cursor), placeholderData: keepPreviousData });
  return (
    <Panel title={texts.letters.list} aside={<ExportButton url={address("/dead-letters.csv", {}, asked)} />}>
      <div className={styles.filters}>
        <Choice label={texts.letters.state} value={asked.state} onChange={(event) => { filter({ state: event.target.value }); }}>
          <option value="">{texts.console.any}</option>
          {STATES.map((one) => <option key={one} value={one}>{texts.letters.states[one]}</option>)}
        </Choice>
        <Choice label={texts.letters.error} value={asked.errorType} onChange={(event) => { filter({ errorType: event.target.value }); }}>
          <option value="">{texts.console.any}</option>
          {ERROR_TYPES.map((one) => <option key={one} value={one}>{one}</option>)}
        </Choice>
        <Choice label={texts.letters.topic} value={asked.topic} onChange={(event) => { filter({ topic: event.target.value }); }}>
          <option value="">{texts.console.any}</option>
          {TOPICS.map((one) => <option key={one} value={one}>{one}</option>)}
        </Choice>
      </div>
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      <div className={own.results} aria-busy={query.isPlaceholderData}>
        {query.isPending && <Loading />}
        {query.data?.items.length === 0 && <Empty>{texts.letters.none}</Empty>}
        {query.data !== undefined && query.data.items.length > 0 && <List items={query.data.items} shown={shown} />}
      </div>
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
    </Panel>
  );
}

/** In full: the list has no payloads. Below the list on narrow screens, where it comes into sight. */
function OneLetter({ id }: { id: number }) {
  const texts = useTexts();
  const { search } = useLocation();
  const { token } = useOperator();
  const query = useQuery(deadLetterQuery(token, id));
  const close = <Link className={buttonClass("quiet", true)} to={`${LIST}${search}`}>{texts.letters.toList}</Link>;
  const side = useRef<HTMLDivElement>(null);
  useEffect(() => { side.current?.scrollIntoView({ block: "nearest" }); }, [query.isPending]);
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard
    <div ref={side} className={own.side} role="group" aria-label={texts.letters.letter(id)} tabIndex={0}>
      {query.data !== undefined ? (
        <DeadLetterPanel letter={query.data} aside={close} />
      ) : (
        <Panel title={texts.letters.letter(id)} aside={close}>
          {query.isPending && <Loading />}
          {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
        </Panel>
      )}
    </div>
  );
}

function List({ items, shown }: { items: DeadLetterSummary[]; shown: number | null }) {
  const texts = useTexts();
  const { search } = useLocation();
  const head = ["#", texts.letters.state, texts.letters.error, texts.letters.topic, texts.letters.received];
  return (
    <Table label={texts.console.tabs.letters} head={head.map((name) => <th key={name} scope="col">{name}</th>)}>
      {items.map((letter) => (
        <tr key={letter.id} className={letter.id === shown ? own.shown : undefined}>
          <td>
            <Link to={`${LIST}/${letter.id}${search}`} aria-label={texts.letters.show(letter.id)} aria-current={letter.id === shown ? "true" : undefined}>{letter.id}</Link>
          </td>
          <td><Badge tone={TONES[letter.state]}>{texts.letters.states[letter.state]}</Badge></td>
          <td>{letter.errorType}</td>
          <td>{letter.originalTopic}</td>
          <td>{dateAndTime(letter.timestamp, texts.locale)}</td>
        </tr>
      ))}
    </Table>
  );
}
