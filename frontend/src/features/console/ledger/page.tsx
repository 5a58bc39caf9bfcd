import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schema } from "../../../api/client";
import { entriesQuery, trialBalanceQuery } from "../../../api/operations";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Amount } from "../../../payment/amount";
import { Empty, Loading, Notice, Problem } from "../../../ui/notice";
import { usePaging } from "../../../ui/paging";
import { numberCell, Pager, Panel, Table, TextField } from "../../../ui/panel";
import styles from "../console.module.css";
import { useToken } from "../token";

/** The accounts, the audit's result, and the postings. */
export default function LedgerPage() {
  const texts = useTexts();
  const { token } = useToken();
  const query = useQuery(trialBalanceQuery(token));
  return (
    <div className={styles.stack}>
      {query.isPending && <Loading />}
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      {query.data !== undefined && (
        <>
          <AuditCard audit={query.data.audit} />
          <Panel title={texts.ledger.balances}>
            {query.data.items.length === 0 ? <Empty>{texts.ledger.empty}</Empty> : <Balances trial={query.data} />}
          </Panel>
        </>
      )}
      <Entries />
    </div>
  );
}

function AuditCard({ audit }: { audit: Schema["TrialBalance"]["audit"] }) {
  const texts = useTexts();
  return (
    <Panel title={texts.ledger.audit}>
      {audit === null ? (
        <p className={styles.muted}>{texts.ledger.auditNone}</p>
      ) : (
        <Notice tone={audit.differences === 0 ? "good" : "bad"}>
          <strong>{audit.differences === 0 ? texts.ledger.agrees : texts.ledger.differs(audit.differences)}</strong>
          <span>{dateAndTime(audit.at, texts.locale)} · {texts.ledger.inFlight(audit.inFlight)}</span>
        </Notice>
      )}
    </Panel>
  );
}

function Balances({ trial }: { trial: Schema["TrialBalance"] }) {
  const texts = useTexts();
  const numbers = [texts.ledger.debits, texts.ledger.credits, texts.ledger.balance];
  return (
    <Table
      label={texts.ledger.balances}
      head={
        <>
          <th scope="col">{texts.ledger.account}</th>
          {numbers.map((name) => <th key={name} scope="col" className={numberCell}>{name}</th>)}
        </>
      }
    >
      {trial.items.map((item) => (
        <tr key={`${item.account} ${item.currency}`}>
          <td>{texts.account[item.account]}</td>
          {[item.debits, item.credits, item.balance].map((minor, index) => (
            <td key={numbers[index]} className={numberCell}><Amount minor={minor} currency={item.currency} /></td>
          ))}
        </tr>
      ))}
      {trial.totals.map((total) => (
        <tr key={total.currency}>
          <td><strong>{texts.ledger.totals} {total.currency}</strong></td>
          <td className={numberCell}><strong><Amount minor={total.debits} currency={total.currency} /></strong></td>
          <td className={numberCell}><strong><Amount minor={total.credits} currency={total.currency} /></strong></td>
          <td />
        </tr>
      ))}
    </Table>
  );
}

function Entries() {
  const texts = useTexts();
  const { token } = useToken();
  const [text, setText] = useState("");
  const paging = usePaging();
  const paymentId = /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
  const query = useQuery({ ...entriesQuery(token, paymentId, paging.cursor), placeholderData: keepPreviousData });
  const head = [texts.ledger.time, texts.timeline.debit, texts.timeline.credit];
  return (
    <Panel title={texts.ledger.entries}>
      <TextField label={texts.console.paymentId} inputMode="numeric" value={text} onChange={(event) => { setText(event.target.value); paging.restart(); }} />
      {query.isPending && <Loading />}
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      {query.data?.items.length === 0 && <Empty>{texts.ledger.empty}</Empty>}
      {query.data !== undefined && query.data.items.length > 0 && (
        <Table
          label={texts.ledger.entries}
          head={
            <>
              {head.map((name) => <th key={name} scope="col">{name}</th>)}
              <th scope="col" className={numberCell}>{texts.console.amount}</th>
            </>
          }
        >
          {query.data.items.map((entry) => (
            <tr key={entry.entryId}>
              <td>{dateAndTime(entry.postedAt, texts.locale)}</td>
              <td>{texts.account[entry.debitAccount]}</td>
              <td>{texts.account[entry.creditAccount]}</td>
              <td className={numberCell}><Amount minor={entry.amount} currency={entry.currency} /></td>
            </tr>
          ))}
        </Table>
      )}
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
    </Panel>
  );
}
