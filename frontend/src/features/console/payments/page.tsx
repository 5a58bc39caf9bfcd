import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { paymentQuery, paymentsQuery, STATUSES, type PaymentItem, type Status } from "../../../api/payments";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Amount } from "../../../payment/amount";
import { Facts } from "../../../payment/facts";
import { StatusBadge } from "../../../payment/status";
import { Timeline } from "../../../payment/timeline";
import { Button } from "../../../ui/button";
import { Empty, Loading, Problem } from "../../../ui/notice";
import { usePaging } from "../../../ui/paging";
import { Choice, numberCell, Pager, Panel, Table, TextField } from "../../../ui/panel";
import styles from "../console.module.css";
import { useHistory } from "../history";

/** A merchant's payments, and one of them in full. */
export default function PaymentsPage() {
  const texts = useTexts();
  const { merchantId, watch } = useHistory();
  const [status, setStatus] = useState<Status | "">("");
  const [shown, setShown] = useState<number | null>(null);
  const paging = usePaging();
  const query = useQuery({ ...paymentsQuery(merchantId, status, paging.cursor), enabled: merchantId !== "", placeholderData: keepPreviousData });
  const search = (merchant: string, payment: number | null) => {
    watch(merchant);
    setShown(payment);
    paging.restart();
  };
  return (
    <div className={styles.two}>
      <Panel title={texts.console.tabs.payments}>
        <Search first={merchantId} onSearch={search} />
        <Choice label={texts.console.status} value={status} onChange={(event) => { setStatus(event.target.value as Status | ""); paging.restart(); }}>
          <option value="">{texts.console.any}</option>
          {STATUSES.map((one) => <option key={one} value={one}>{texts.status[one]}</option>)}
        </Choice>
        {query.isLoading && <Loading />}
        {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
        {query.data?.items.length === 0 && <Empty>{texts.console.noPayments}</Empty>}
        {query.data !== undefined && query.data.items.length > 0 && (
          <>
            <List items={query.data.items} onShow={setShown} />
            <Pager paging={paging} next={query.data.nextCursor} />
          </>
        )}
      </Panel>
      {shown === null ? <Panel title={texts.timeline.title}><Empty>{texts.console.pick}</Empty></Panel> : <OnePayment paymentId={shown} merchantId={merchantId} />}
    </div>
  );
}

function Search({ first, onSearch }: { first: string; onSearch: (merchantId: string, paymentId: number | null) => void }) {
  const texts = useTexts();
  const [merchantId, setMerchantId] = useState(first);
  const [paymentId, setPaymentId] = useState("");
  return (
    <form
      className={styles.filters}
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(merchantId.trim(), paymentId === "" ? null : Number(paymentId));
      }}
    >
      <TextField label={texts.console.merchant} required maxLength={32} value={merchantId} onChange={(event) => { setMerchantId(event.target.value); }} />
      <TextField label={texts.console.paymentId} inputMode="numeric" pattern="[1-9][0-9]{0,14}" value={paymentId} onChange={(event) => { setPaymentId(event.target.value); }} />
      <Button type="submit">{texts.console.search}</Button>
    </form>
  );
}

function List({ items, onShow }: { items: PaymentItem[]; onShow: (paymentId: number) => void }) {
  const texts = useTexts();
  return (
    <Table
      label={texts.console.tabs.payments}
      head={
        <>
          <th scope="col">{texts.console.paymentId}</th>
          <th scope="col">{texts.console.status}</th>
          <th scope="col" className={numberCell}>{texts.console.amount}</th>
          <th scope="col">{texts.console.created}</th>
        </>
      }
    >
      {items.map((item) => (
        <tr key={item.paymentId}>
          <td>
            <Button kind="quiet" small aria-label={texts.console.show(item.paymentId)} onClick={() => { onShow(item.paymentId); }}>{item.paymentId}</Button>
          </td>
          <td><StatusBadge status={item.status} /></td>
          <td className={numberCell}><Amount minor={item.amount} currency={item.currency} /></td>
          <td>{dateAndTime(item.createdAt, texts.locale)}</td>
        </tr>
      ))}
    </Table>
  );
}

function OnePayment({ paymentId, merchantId }: { paymentId: number; merchantId: string }) {
  const texts = useTexts();
  const query = useQuery(paymentQuery(paymentId, merchantId));
  return (
    <Panel title={`${texts.console.paymentId} ${paymentId}`} aside={query.data && <StatusBadge status={query.data.status} />}>
      {query.isPending && <Loading />}
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      {query.data !== undefined && (
        <>
          <Facts payment={query.data} />
          <Timeline payment={query.data} />
        </>
      )}
    </Panel>
  );
}
