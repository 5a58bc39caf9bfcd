/** Fee schedules by merchant and currency, each with what a payment costs by it. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { feeSchedulesQuery, type FeeSchedule } from "../../../api/settlements";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { formatMoney } from "../../../money/money";
import { Amount } from "../../../payment/amount";
import { useListAddress } from "../../../ui/address";
import { Button } from "../../../ui/button";
import { Empty, Loading, Notice, Problem } from "../../../ui/notice";
import { Badge, numberCell, Pager, Panel, Table, type Tone } from "../../../ui/panel";
import beside from "../beside.module.css";
import styles from "../console.module.css";
import { isCurrency } from "../frame/currency-field";
import { OfMerchant } from "../frame/of-merchant";
import { useOperator } from "../operator";
import { ScheduleDialog } from "./schedule-dialog";
import { ANY, exampleAmount, feeOf, percentOf, phaseOf, type Phase } from "./rules";

const FILTERS = ["merchantId", "currency"] as const;
const TONES: Record<Phase, Tone> = { inForce: "good", later: "warn", ended: "plain" };

export default function FeesPage() {
  const { fees } = useTexts();
  const { token, may } = useOperator();
  const { filters, filter, paging } = useListAddress(FILTERS);
  const currency = isCurrency(filters.currency) ? filters.currency : "";
  const query = useQuery(feeSchedulesQuery(token, filters.merchantId, currency, paging.cursor));
  const [asked, setAsked] = useState(false);
  const [added, setAdded] = useState<FeeSchedule | null>(null);
  const open = () => {
    setAdded(null);
    setAsked(true);
  };
  return (
    <Panel title={fees.schedules} aside={may("administer") && <Button kind="primary" small aria-haspopup="dialog" onClick={open}>{fees.add}</Button>}>
      <p className={styles.muted}>{fees.about}</p>
      <OfMerchant key={`${filters.merchantId} ${currency}`} merchantId={filters.merchantId} currency={currency} onFilter={filter} />
      {added !== null && <Notice tone="good">{fees.added(added.merchantId === ANY ? fees.anyMerchant : added.merchantId, added.currency)}</Notice>}
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      <div className={beside.results} aria-busy={query.isPlaceholderData}>
        {query.isPending && <Loading />}
        {query.data?.items.length === 0 && <Empty>{fees.none}</Empty>}
        {query.data !== undefined && query.data.items.length > 0 && <List items={query.data.items} readAt={query.dataUpdatedAt} />}
      </div>
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
      {asked && <ScheduleDialog onAdded={setAdded} onClose={() => { setAsked(false); }} />}
    </Panel>
  );
}

/** `readAt`: when this was answered (ms since 1970). */
function List({ items, readAt }: { items: readonly FeeSchedule[]; readAt: number }) {
  const { fees, locale } = useTexts();
  const numbers = [fees.share, fees.fixed, fees.minimum, fees.maximum];
  const words = (names: readonly string[]) => names.map((name) => <th key={name} scope="col">{name}</th>);
  return (
    <Table
      label={fees.schedules}
      head={
        <>
          {words([fees.merchant, fees.currency, fees.state, fees.costs])}
          {numbers.map((name) => <th key={name} scope="col" className={numberCell}>{name}</th>)}
          {words([fees.onRefund, fees.validFrom, fees.createdBy])}
        </>
      }
    >
      {items.map((one) => (
        <tr key={one.scheduleId}>
          <td>{one.merchantId === ANY ? fees.anyMerchant : one.merchantId}</td>
          <td>{one.currency}</td>
          <td><PhaseBadge phase={phaseOf(one, items, readAt)} /></td>
          <td><Example schedule={one} /></td>
          <td className={numberCell}>{fees.percent(percentOf(one.basisPoints))}</td>
          {[one.fixed, one.minimum, one.maximum].map((minor, index) => (
            <td key={numbers[index + 1]} className={numberCell}>{minor === null ? fees.noMaximum : <Amount minor={minor} currency={one.currency} />}</td>
          ))}
          <td>{fees.refunded[one.onRefund]}</td>
          <td>{dateAndTime(one.validFrom, locale)}</td>
          <td>{one.createdBy}</td>
        </tr>
      ))}
    </Table>
  );
}

function PhaseBadge({ phase }: { phase: Phase }) {
  return <Badge tone={TONES[phase]}>{useTexts().fees[phase]}</Badge>;
}

function Example({ schedule }: { schedule: FeeSchedule }) {
  const { locale } = useTexts();
  const amount = exampleAmount(schedule.currency);
  return <>{formatMoney(amount, schedule.currency, locale)} → <strong>{formatMoney(feeOf(schedule, amount), schedule.currency, locale)}</strong></>;
}
