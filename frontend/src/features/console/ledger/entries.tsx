/** Postings, newest first, of all payments, of one, or of one event. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { address } from "../../../api/client";
import { entriesParameters, entriesQuery, type LedgerEntry, type LedgerFilter } from "../../../api/desk";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Amount } from "../../../payment/amount";
import { Button } from "../../../ui/button";
import { Empty, Loading, Problem } from "../../../ui/notice";
import { numberCell, Pager, Panel, Table, TextField, type Paging } from "../../../ui/panel";
import { ExportButton } from "../frame/export-button";
import { EventLink, PaymentLink, SourceLink } from "../frame/ids";
import { useOperator } from "../operator";
import own from "./ledger.module.css";

interface Props {
  filter: LedgerFilter;
  paging: Paging;
  onFilter: (filter: { paymentId: string; eventId: string }) => void;
}

export function Entries({ filter, paging, onFilter }: Props) {
  const texts = useTexts();
  const { ledger } = texts;
  const { token } = useOperator();
  const query = useQuery({ ...entriesQuery(token, filter, paging.cursor), placeholderData: keepPreviousData });
  const isFiltered = filter.paymentId !== null || filter.eventId !== null;
  return (
    <Panel title={ledger.entries} aside={<ExportButton url={address("/ledger/entries.csv", {}, entriesParameters(filter))} />}>
      <Filters key={`${filter.paymentId} ${filter.eventId}`} filter={filter} onFilter={onFilter} />
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      <div className={own.results} aria-busy={query.isPlaceholderData}>
        {query.isPending && <Loading />}
        {query.data?.items.length === 0 && <Empty>{isFiltered ? ledger.emptyFilter : ledger.empty}</Empty>}
        {query.data !== undefined && query.data.items.length > 0 && <List items={query.data.items} />}
      </div>
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
    </Panel>
  );
}

function Filters({ filter, onFilter }: Pick<Props, "filter" | "onFilter">) {
  const texts = useTexts();
  const [paymentId, setPaymentId] = useState(String(filter.paymentId ?? ""));
  const [eventId, setEventId] = useState(String(filter.eventId ?? ""));
  const id = { inputMode: "numeric", pattern: "\\s*[1-9][0-9]{0,14}\\s*", title: texts.ledger.idNeeded } as const;
  return (
    <form
      className={own.filters}
      onSubmit={(event) => {
        event.preventDefault();
        onFilter({ paymentId: paymentId.trim(), eventId: eventId.trim() });
      }}
    >
      <TextField label={texts.console.paymentId} {...id} value={paymentId} onChange={(event) => { setPaymentId(event.target.value); }} />
      <TextField label={texts.ledger.event} {...id} value={eventId} onChange={(event) => { setEventId(event.target.value); }} />
      <Button type="submit">{texts.ledger.show}</Button>
      {(filter.paymentId !== null || filter.eventId !== null) && (
        <Button kind="quiet" onClick={() => { onFilter({ paymentId: "", eventId: "" }); }}>{texts.ledger.all}</Button>
      )}
    </form>
  );
}

function List({ items }: { items: readonly LedgerEntry[] }) {
  const texts = useTexts();
  const { ledger } = texts;
  const head = [ledger.entry, ledger.time, ledger.of, ledger.event, texts.timeline.debit, texts.timeline.credit];
  return (
    <Table
      label={ledger.entries}
      head={
        <>
          {head.map((name) => <th key={name} scope="col">{name}</th>)}
          <th scope="col" className={numberCell}>{texts.console.amount}</th>
        </>
      }
    >
      {items.map((entry) => (
        <tr key={entry.entryId}>
          <td>{entry.entryId}</td>
          <td>{dateAndTime(entry.postedAt, texts.locale)}</td>
          <td><Origin entry={entry} /></td>
          <td>{entry.eventId === null ? "–" : <EventLink id={entry.eventId} />}</td>
          <td>{texts.account[entry.debitAccount]}</td>
          <td>{texts.account[entry.creditAccount]}</td>
          <td className={numberCell}><Amount minor={entry.amount} currency={entry.currency} /></td>
        </tr>
      ))}
    </Table>
  );
}

/** The payment of a posting, or what else made it. */
function Origin({ entry: { paymentId, sourceType, sourceId } }: { entry: LedgerEntry }) {
  const { ledger } = useTexts();
  if (paymentId !== null) return <PaymentLink id={paymentId} />;
  return sourceType === null || sourceId === null ? "–" : <SourceLink type={sourceType} id={sourceId}>{ledger.sources[sourceType]} {sourceId}</SourceLink>;
}
