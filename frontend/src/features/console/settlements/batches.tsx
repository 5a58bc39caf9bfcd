/** The list of batches, newest first. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { BATCH_STATES, batchesQuery, type Batch } from "../../../api/settlements";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Amount } from "../../../payment/amount";
import { oneOf, useListAddress } from "../../../ui/address";
import { Empty, Loading, Problem } from "../../../ui/notice";
import { Choice, numberCell, Pager, Panel, Table } from "../../../ui/panel";
import beside from "../beside.module.css";
import styles from "../console.module.css";
import { isCurrency } from "../frame/currency-field";
import { MerchantLink, SETTLEMENTS } from "../frame/ids";
import { OfMerchant } from "../frame/of-merchant";
import { useOperator } from "../operator";
import own from "./settlements.module.css";
import { StateBadge } from "./state-badge";

const FILTERS = ["state", "merchantId", "currency"] as const;

export function Batches() {
  const texts = useTexts();
  const { settlements } = texts;
  const { token } = useOperator();
  const { filters, filter, paging } = useListAddress(FILTERS);
  const state = oneOf(filters.state, BATCH_STATES);
  const currency = isCurrency(filters.currency) ? filters.currency : "";
  const query = useQuery(batchesQuery(token, { state, merchantId: filters.merchantId, currency }, paging.cursor));
  return (
    <Panel title={settlements.batches}>
      <p className={styles.muted}>{settlements.about}</p>
      <div className={own.filters}>
        <Choice label={settlements.state} value={state} onChange={(event) => { filter({ state: event.target.value }); }}>
          <option value="">{texts.console.any}</option>
          {BATCH_STATES.map((one) => <option key={one} value={one}>{settlements.states[one]}</option>)}
        </Choice>
        <OfMerchant key={`${filters.merchantId} ${currency}`} merchantId={filters.merchantId} currency={currency} onFilter={filter} />
      </div>
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      <div className={beside.results} aria-busy={query.isPlaceholderData}>
        {query.isPending && <Loading />}
        {query.data?.items.length === 0 && <Empty>{settlements.none}</Empty>}
        {query.data !== undefined && query.data.items.length > 0 && <List items={query.data.items} />}
      </div>
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
    </Panel>
  );
}

function List({ items }: { items: readonly Batch[] }) {
  const { settlements, locale } = useTexts();
  const head = ["#", settlements.state, settlements.net, settlements.currency, settlements.merchant, settlements.number, settlements.items, settlements.cutoff];
  const numbers = new Set([settlements.number, settlements.net, settlements.items]);
  return (
    <Table label={settlements.batches} head={head.map((name) => <th key={name} scope="col" className={numbers.has(name) ? numberCell : undefined}>{name}</th>)}>
      {items.map((batch) => (
        <tr key={batch.batchId}>
          <td><Link to={`${SETTLEMENTS}/${batch.batchId}`} aria-label={settlements.open(batch.batchId)}>{batch.batchId}</Link></td>
          <td><StateBadge state={batch.state} held={batch.held} /></td>
          <td className={numberCell}>{batch.state === "OPEN" ? "–" : <Amount minor={batch.net} currency={batch.currency} />}</td>
          <td>{batch.currency}</td>
          <td><MerchantLink id={batch.merchantId} /></td>
          <td className={numberCell}>{batch.number}</td>
          <td className={numberCell}>{batch.state === "OPEN" ? "–" : batch.items}</td>
          <td>{dateAndTime(batch.cutoff, locale)}</td>
        </tr>
      ))}
    </Table>
  );
}
