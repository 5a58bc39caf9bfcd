/** The list of operations: first those that wait for an operator; of one payment, all of them. */
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "react-router";
import { acquirerOperationsQuery, OPERATION_STATES, type AcquirerOperation, type OperationState } from "../../../api/acquirer";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Amount } from "../../../payment/amount";
import { idOf, oneOf, useListAddress } from "../../../ui/address";
import { Empty, Loading, Problem } from "../../../ui/notice";
import { Choice, numberCell, Pager, Panel, Table } from "../../../ui/panel";
import beside from "../beside.module.css";
import styles from "../console.module.css";
import { OPERATIONS, PaymentLink } from "../frame/ids";
import { OfPayment } from "../frame/of-payment";
import { useOperator } from "../operator";
import { StateBadge } from "./state-badge";

const FILTERS = ["state", "paymentId"] as const;
const SHOWN: readonly (OperationState | "ALL")[] = [...OPERATION_STATES, "ALL"];

export function Operations({ shown }: { shown: number | null }) {
  const texts = useTexts();
  const { token } = useOperator();
  const { filters, filter, paging } = useListAddress(FILTERS);
  const paymentId = idOf(filters.paymentId) ?? "";
  const chosen = oneOf(filters.state, SHOWN) || (paymentId === "" ? "MANUAL" : "ALL");
  const query = useQuery(acquirerOperationsQuery(token, { state: chosen === "ALL" ? "" : chosen, paymentId }, paging.cursor));
  return (
    <Panel title={texts.acquirer.desk}>
      <p className={styles.muted}>{texts.acquirer.about}</p>
      <div className={styles.filters}>
        <Choice label={texts.acquirer.state} value={chosen} onChange={(event) => { filter({ state: event.target.value }); }}>
          {SHOWN.map((one) => <option key={one} value={one}>{one === "ALL" ? texts.console.any : texts.acquirer.states[one]}</option>)}
        </Choice>
        <OfPayment key={paymentId} paymentId={String(paymentId)} onFilter={(id) => { filter({ paymentId: id }); }} />
      </div>
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      <div className={beside.results} aria-busy={query.isPlaceholderData}>
        {query.isPending && <Loading />}
        {query.data?.items.length === 0 && <Empty>{texts.acquirer.none}</Empty>}
        {query.data !== undefined && query.data.items.length > 0 && <List items={query.data.items} shown={shown} />}
      </div>
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
    </Panel>
  );
}

function List({ items, shown }: { items: readonly AcquirerOperation[]; shown: number | null }) {
  const { acquirer, acquiring, locale } = useTexts();
  const { search } = useLocation();
  const head = ["#", acquirer.state, acquirer.kind, acquirer.amount, acquirer.payment, acquirer.reference, acquirer.created];
  return (
    <Table label={acquirer.desk} head={head.map((name) => <th key={name} scope="col" className={name === acquirer.amount ? numberCell : undefined}>{name}</th>)}>
      {items.map((operation) => (
        <tr key={operation.operationId} className={operation.operationId === shown ? beside.shown : undefined}>
          <td>
            <Link to={`${OPERATIONS}/${operation.operationId}${search}`} aria-label={acquirer.open(operation.operationId)} aria-current={operation.operationId === shown ? "true" : undefined}>
              {operation.operationId}
            </Link>
          </td>
          <td><StateBadge state={operation.state} /></td>
          <td>{acquiring.kinds[operation.kind]}</td>
          <td className={numberCell}><Amount minor={operation.amount} currency={operation.currency} /></td>
          <td><PaymentLink id={operation.paymentId} /></td>
          <td><code>{operation.reference}</code></td>
          <td>{dateAndTime(operation.createdAt, locale)}</td>
        </tr>
      ))}
    </Table>
  );
}
