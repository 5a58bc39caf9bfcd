/** Balances by currency, of one merchant or of all, now or as of a moment. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { balancesQuery } from "../../../api/desk";
import { useTexts } from "../../../i18n/language";
import { dateAndTime, toLocal, toUtc } from "../../../i18n/time";
import { Amount } from "../../../payment/amount";
import { Button } from "../../../ui/button";
import { Empty, Loading, Problem } from "../../../ui/notice";
import { numberCell, Panel, Table, TextField } from "../../../ui/panel";
import styles from "../console.module.css";
import { useOperator } from "../operator";
import { byCurrency, currencyName, type CurrencyBalances } from "./currencies";
import own from "./ledger.module.css";

interface Props {
  merchantId: string;
  /** UTC; "" is now. */
  asOf: string;
  onFilter: (filter: { merchantId: string; asOf: string }) => void;
}

export function Balances({ merchantId, asOf, onFilter }: Props) {
  const texts = useTexts();
  const { ledger } = texts;
  const { token } = useOperator();
  const query = useQuery({ ...balancesQuery(token, merchantId, asOf), placeholderData: keepPreviousData });
  const none = asOf !== "" ? ledger.emptyThen : merchantId !== "" ? ledger.emptyMerchant : ledger.empty;
  return (
    <Panel title={merchantId === "" ? ledger.balances : ledger.balancesOf(merchantId)}>
      <Filters key={`${merchantId} ${asOf}`} merchantId={merchantId} asOf={asOf} onFilter={onFilter} />
      <p className={styles.muted} role="status">{asOf === "" ? ledger.untilNow : ledger.until(dateAndTime(asOf, texts.locale))}</p>
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      <div className={own.currencies} aria-busy={query.isPlaceholderData}>
        {query.isPending && <Loading />}
        {query.data?.items.length === 0 && <Empty>{none}</Empty>}
        {query.data !== undefined && byCurrency(query.data.items).map((one) => <Currency key={one.currency} balances={one} />)}
      </div>
    </Panel>
  );
}

function Filters({ merchantId, asOf, onFilter }: Props) {
  const texts = useTexts();
  const [merchant, setMerchant] = useState(merchantId);
  const [time, setTime] = useState(toLocal(asOf));
  return (
    <form
      className={own.filters}
      onSubmit={(event) => {
        event.preventDefault();
        onFilter({ merchantId: merchant.trim(), asOf: toUtc(time) });
      }}
    >
      <TextField label={texts.console.merchant} maxLength={32} placeholder={texts.console.any} value={merchant} onChange={(event) => { setMerchant(event.target.value); }} />
      <TextField label={texts.ledger.asOf} type="datetime-local" step={1} title={texts.ledger.asOfHint} value={time} onChange={(event) => { setTime(event.target.value); }} />
      <Button type="submit">{texts.ledger.show}</Button>
      <Button kind="quiet" disabled={asOf === "" && time === ""} onClick={() => { setTime(""); onFilter({ merchantId: merchant.trim(), asOf: "" }); }}>{texts.ledger.now}</Button>
    </form>
  );
}

function Currency({ balances: { currency, items, debits, credits } }: { balances: CurrencyBalances }) {
  const texts = useTexts();
  const { ledger } = texts;
  const name = ledger.currency(currency, currencyName(currency, texts.locale));
  const numbers = [ledger.debits, ledger.credits, ledger.balance];
  return (
    <section className={own.currency} aria-label={name}>
      <h3>{name}</h3>
      <Table
        label={`${ledger.balances}: ${name}`}
        head={
          <>
            <th scope="col">{ledger.account}</th>
            {numbers.map((head) => <th key={head} scope="col" className={numberCell}>{head}</th>)}
          </>
        }
      >
        {items.map((item) => (
          <tr key={item.account}>
            <td>{texts.account[item.account]}</td>
            {[item.debits, item.credits, item.balance].map((minor, index) => (
              <td key={numbers[index]} className={numberCell}><Amount minor={minor} currency={currency} /></td>
            ))}
          </tr>
        ))}
        <tr className={own.total}>
          <td><strong>{ledger.totals} {currency}</strong></td>
          <td className={numberCell}><strong><Amount minor={debits} currency={currency} /></strong></td>
          <td className={numberCell}><strong><Amount minor={credits} currency={currency} /></strong></td>
          <td />
        </tr>
      </Table>
    </section>
  );
}
