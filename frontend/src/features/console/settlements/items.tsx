/** Items of a batch: every minor unit of a payout, down to its payment. */
import { useQuery } from "@tanstack/react-query";
import { itemsQuery, type Batch, type Item } from "../../../api/settlements";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Amount } from "../../../payment/amount";
import { useListAddress } from "../../../ui/address";
import { Empty, Loading, Problem } from "../../../ui/notice";
import { numberCell, Pager, Panel, Table } from "../../../ui/panel";
import beside from "../beside.module.css";
import styles from "../console.module.css";
import { EventLink, PaymentLink, SourceLink } from "../frame/ids";
import { useOperator } from "../operator";

const NO_FILTERS = [] as const;

export function Items({ batch }: { batch: Batch }) {
  const { settlements } = useTexts();
  const { token } = useOperator();
  const { paging } = useListAddress(NO_FILTERS);
  const isOpen = batch.state === "OPEN";
  const query = useQuery(itemsQuery(token, batch.batchId, isOpen, paging.cursor));
  const shown = query.data?.items.length ?? 0;
  return (
    <Panel title={settlements.items}>
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      <div className={beside.results} aria-busy={query.isPlaceholderData}>
        {query.isPending && <Loading />}
        {query.data !== undefined && shown === 0 && <Empty>{settlements.noItems}</Empty>}
        {query.data !== undefined && shown > 0 && <List items={query.data.items} currency={batch.currency} />}
      </div>
      {!isOpen && batch.items > shown && shown > 0 && <p className={styles.muted}>{settlements.ofItems(shown, batch.items)}</p>}
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
    </Panel>
  );
}

function List({ items, currency }: { items: readonly Item[]; currency: string }) {
  const texts = useTexts();
  const { settlements } = texts;
  const numbers = [settlements.amount, settlements.fee, settlements.net];
  const words = (names: readonly string[]) => names.map((name) => <th key={name} scope="col">{name}</th>);
  return (
    <Table
      label={settlements.items}
      head={
        <>
          {words([settlements.kind, settlements.payment])}
          {numbers.map((name) => <th key={name} scope="col" className={numberCell}>{name}</th>)}
          {words([texts.ledger.event, settlements.occurred])}
        </>
      }
    >
      {items.map((item) => (
        <tr key={item.itemId}>
          <td>{settlements.kinds[item.kind]}</td>
          <td><Origin item={item} /></td>
          {[item.amount, item.fee, item.net].map((minor, index) => <td key={numbers[index]} className={numberCell}><Amount minor={minor} currency={currency} /></td>)}
          <td>{item.eventId === null ? "–" : <EventLink id={item.eventId} />}</td>
          <td>{dateAndTime(item.occurredAt, texts.locale)}</td>
        </tr>
      ))}
    </Table>
  );
}

/** The payment of an item, or what else made it. */
function Origin({ item: { paymentId, source } }: { item: Item }) {
  const { ledger } = useTexts();
  if (paymentId !== null) return <PaymentLink id={paymentId} />;
  return source === null ? "–" : <SourceLink type={source.type} id={source.id}>{ledger.sources[source.type]} {source.id}</SourceLink>;
}
