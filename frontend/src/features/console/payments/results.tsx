import { Link } from "react-router";
import type { Found, FoundPayment } from "../../../api/desk";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Amount } from "../../../payment/amount";
import { StatusBadge } from "../../../payment/status";
import { Button } from "../../../ui/button";
import { Empty, Notice } from "../../../ui/notice";
import { numberCell, Pager, Table, type Paging } from "../../../ui/panel";
import { foundPath, PaymentLink } from "../frame/ids";
import { setNames, type All } from "./filters";
import { queryOf } from "./remembered";
import styles from "./search.module.css";

interface Props {
  found: Found;
  filters: All;
  paging: Paging;
  /** Whether these are still the results before the last change. */
  old: boolean;
}

export function Results({ found, filters, paging, old }: Props) {
  const texts = useTexts();
  const { items, nextCursor, searchedTo } = found;
  const noFilters = setNames(filters).length === 0;
  return (
    <div className={`${styles.results} ${old ? styles.old : ""}`} aria-busy={old}>
      <p className={styles.count} role="status">{old ? "" : texts.search.count(items.length)}</p>
      {items.length === 0 && searchedTo === null && <Empty>{noFilters ? texts.search.noneAtAll : texts.search.none}</Empty>}
      {items.length === 0 && filters.q !== "" && <p className={styles.elsewhere}><Link to={foundPath(filters.q)}>{texts.search.amongKeys(filters.q)}</Link></p>}
      {items.length > 0 && (
        <Table label={texts.search.results} head={<Head />}>
          {items.map((item) => <Row key={item.paymentId} item={item} filters={filters} />)}
        </Table>
      )}
      {searchedTo !== null && (
        <Notice tone="plain">
          <p>{texts.search.searchedTo(dateAndTime(searchedTo, texts.locale))}</p>
          {nextCursor !== null && <div><Button small onClick={() => { paging.on(nextCursor); }}>{texts.search.goOn}</Button></div>}
        </Notice>
      )}
      <Pager paging={paging} next={searchedTo === null ? nextCursor : null} />
    </div>
  );
}

function Head() {
  const texts = useTexts();
  const amounts = [texts.console.amount, texts.search.captured, texts.search.refunded];
  return (
    <>
      {[texts.console.paymentId, texts.console.merchant, texts.console.status].map((name) => <th key={name} scope="col">{name}</th>)}
      {amounts.map((name) => <th key={name} scope="col" className={numberCell}>{name}</th>)}
      <th scope="col">{texts.console.created}</th>
    </>
  );
}

/** The merchant's link adds it to the filters. */
function Row({ item, filters }: { item: FoundPayment; filters: All }) {
  const { locale } = useTexts();
  return (
    <tr>
      <td><PaymentLink id={item.paymentId} /></td>
      <td><Link className={styles.merchant} title={item.merchantId} to={`?${queryOf({ ...filters, merchantId: item.merchantId })}`}>{item.merchantId}</Link></td>
      <td><StatusBadge status={item.status} /></td>
      {[item.amount, item.capturedAmount, item.refundedAmount].map((minor, index) => (
        <td key={index} className={numberCell}><Amount minor={minor} currency={item.currency} /></td>
      ))}
      <td>{dateAndTime(item.createdAt, locale)}</td>
    </tr>
  );
}
