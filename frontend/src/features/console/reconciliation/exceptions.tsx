/** The list of exceptions: first those that wait for an operator. */
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "react-router";
import { address } from "../../../api/client";
import { CLASSES, EXCEPTION_STATES, exceptionParameters, exceptionsQuery, type ExceptionFilter, type ExceptionState, type ReconException } from "../../../api/reconciliation";
import { useTexts } from "../../../i18n/language";
import { Amount } from "../../../payment/amount";
import { idOf, oneOf, useListAddress } from "../../../ui/address";
import { Button } from "../../../ui/button";
import { Empty, Loading, Problem } from "../../../ui/notice";
import { Choice, numberCell, Pager, Panel, Table } from "../../../ui/panel";
import beside from "../beside.module.css";
import styles from "../console.module.css";
import { ageOf } from "../frame/age";
import { isCurrency } from "../frame/currency-field";
import { ExportButton } from "../frame/export-button";
import { PaymentLink, RECONCILIATION } from "../frame/ids";
import { useOperator } from "../operator";
import { ExceptionBadge } from "./badges";
import { OfCurrency } from "./of-currency";
import own from "./reconciliation.module.css";
import { secondsSince } from "./rules";

const FILTERS = ["class", "state", "currency", "fileId"] as const;
const SHOWN: readonly (ExceptionState | "ALL")[] = [...EXCEPTION_STATES, "ALL"];

export function Exceptions() {
  const texts = useTexts();
  const { reconciliation } = texts;
  const { token } = useOperator();
  const { filters, filter, paging } = useListAddress(FILTERS);
  const fileId = idOf(filters.fileId) ?? "";
  const state = oneOf(filters.state, SHOWN) || (fileId === "" ? "OPEN" : "ALL"); // of one file, all that it has
  const asked: ExceptionFilter = {
    class: oneOf(filters.class, CLASSES),
    state: state === "ALL" ? "" : state,
    currency: isCurrency(filters.currency) ? filters.currency : "",
    fileId,
  };
  const query = useQuery(exceptionsQuery(token, asked, paging.cursor));
  return (
    <Panel title={reconciliation.exceptions} aside={<ExportButton url={address("/reconciliation/exceptions.csv", {}, exceptionParameters(asked))} />}>
      <p className={styles.muted}>{reconciliation.about}</p>
      <div className={own.filters}>
        <Choice label={reconciliation.state} value={state} onChange={(event) => { filter({ state: event.target.value }); }}>
          {SHOWN.map((one) => <option key={one} value={one}>{one === "ALL" ? texts.console.any : reconciliation.states[one]}</option>)}
        </Choice>
        <Choice label={reconciliation.class} value={asked.class} onChange={(event) => { filter({ class: event.target.value }); }}>
          <option value="">{texts.console.any}</option>
          {CLASSES.map((one) => <option key={one} value={one}>{reconciliation.classes[one]}</option>)}
        </Choice>
        {fileId !== "" && <Button kind="quiet" onClick={() => { filter({ fileId: "" }); }}>{reconciliation.ofFile(fileId)} ×</Button>}
        <OfCurrency key={asked.currency} currency={asked.currency} onFilter={(currency) => { filter({ currency }); }} />
      </div>
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      <div className={beside.results} aria-busy={query.isPlaceholderData}>
        {query.isPending && <Loading />}
        {query.data?.items.length === 0 && <Empty>{reconciliation.none}</Empty>}
        {query.data !== undefined && query.data.items.length > 0 && <List items={query.data.items} readAt={query.dataUpdatedAt} />}
      </div>
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
    </Panel>
  );
}

function List({ items, readAt }: { items: readonly ReconException[]; readAt: number }) {
  const texts = useTexts();
  const { reconciliation } = texts;
  const { search } = useLocation();
  const head = ["#", reconciliation.state, reconciliation.class, reconciliation.age, reconciliation.reference, reconciliation.payment, reconciliation.amount];
  return (
    <Table label={reconciliation.exceptions} head={head.map((name) => <th key={name} scope="col" className={name === reconciliation.amount ? numberCell : undefined}>{name}</th>)}>
      {items.map((one) => (
        <tr key={one.exceptionId}>
          <td><Link to={`${RECONCILIATION}/${one.exceptionId}${search}`} aria-label={reconciliation.open(one.exceptionId)}>{one.exceptionId}</Link></td>
          <td><ExceptionBadge state={one.state} /></td>
          <td>{reconciliation.classes[one.class]}</td>
          <td>{ageOf(texts, secondsSince(one.openedAt, readAt))}</td>
          <td><code>{one.line?.reference ?? one.operation?.reference ?? "–"}</code></td>
          <td>{one.operation === null ? "–" : <PaymentLink id={one.operation.paymentId} />}</td>
          <td className={numberCell}><Amount minor={one.suspense} currency={one.currency} /></td>
        </tr>
      ))}
    </Table>
  );
}
