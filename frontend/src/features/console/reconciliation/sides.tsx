/** The acquirer's line and our operation beside each other; what differs is marked, and said to screen readers. */
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { ReconException } from "../../../api/reconciliation";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Amount } from "../../../payment/amount";
import { Table, visuallyHidden } from "../../../ui/panel";
import { StateBadge } from "../acquirer/state-badge";
import { MerchantLink, OperationLink, PaymentLink, fileOf } from "../frame/ids";
import own from "./reconciliation.module.css";
import { compare, type Compared } from "./rules";

export function Sides({ exception }: { exception: ReconException }) {
  const { reconciliation, settlements, locale } = useTexts();
  const { line, operation } = exception;
  const none = "–";
  const row = (name: string, atAcquirer: ReactNode, ours: ReactNode) => <tr key={name}><td>{name}</td><td>{atAcquirer}</td><td>{ours}</td></tr>;
  return (
    <Table
      label={reconciliation.sides}
      head={
        <>
          <th scope="col">{reconciliation.field}</th>
          <th scope="col">{line === null ? `${reconciliation.atAcquirer}: ${reconciliation.noLine}` : reconciliation.atAcquirer}</th>
          <th scope="col">{operation === null ? `${reconciliation.ours}: ${reconciliation.noOperation}` : reconciliation.ours}</th>
        </>
      }
    >
      {compare(exception).map((one) => (
        <tr key={one.field} className={one.differs ? own.differs : undefined}>
          <td>{reconciliation[one.field]}{one.differs && <span className={visuallyHidden}> ({reconciliation.differs})</span>}</td>
          <td><Value of={one} value={one.atAcquirer} currency={line?.currency} /></td>
          <td><Value of={one} value={one.ours} currency={operation?.currency} /></td>
        </tr>
      ))}
      {line !== null && row(reconciliation.fee, <Amount minor={line.fee} currency={line.currency} />, none)}
      {line !== null && row(reconciliation.line, <Link to={fileOf(line.fileId)}>{reconciliation.lineOf(line.number, line.fileId)}</Link>, none)}
      {operation !== null && (
        <>
          {row(reconciliation.operation, none, <OperationLink id={operation.operationId} />)}
          {row(reconciliation.operationState, none, <StateBadge state={operation.state} />)}
          {row(settlements.payment, none, <PaymentLink id={operation.paymentId} />)}
          {row(reconciliation.merchant, none, <MerchantLink id={operation.merchantId} />)}
          {operation.decidedAt !== null && row(reconciliation.decidedAt, none, dateAndTime(operation.decidedAt, locale))}
        </>
      )}
    </Table>
  );
}

function Value({ of: { field }, value, currency }: { of: Compared; value: string | number | null; currency: string | undefined }) {
  const { reconciliation } = useTexts();
  if (value === null) return "–";
  if (typeof value === "number") return <Amount minor={value} currency={currency ?? ""} />;
  if (field === "kind") return reconciliation.kinds[value] ?? value;
  return field === "currency" ? value : <code>{value}</code>;
}
