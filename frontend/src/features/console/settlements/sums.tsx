/** How a batch's net is made, as an account that can be added up by hand. */
import type { Batch } from "../../../api/settlements";
import { useTexts } from "../../../i18n/language";
import { Amount } from "../../../payment/amount";
import { Notice } from "../../../ui/notice";
import { numberCell, Panel, Table } from "../../../ui/panel";
import { partsOf } from "./rules";
import own from "./settlements.module.css";

export function Sums({ batch }: { batch: Batch }) {
  const { settlements } = useTexts();
  const { currency, state } = batch;
  if (state === "OPEN") return <Panel title={settlements.sums}><Notice tone="plain">{settlements.notSummed}</Notice></Panel>;
  const cell = (minor: number) => <td className={numberCell}><Amount minor={minor} currency={currency} /></td>;
  const sum = (name: string, minor: number) => <tr className={own.sum}><td>{name}</td>{cell(minor)}</tr>;
  return (
    <Panel title={settlements.sums}>
      <Table
        label={settlements.howNet}
        head={
          <>
            <th scope="col">{settlements.part}</th>
            <th scope="col" className={numberCell}>{settlements.amount}</th>
          </>
        }
      >
        {partsOf(batch).map(([name, minor]) => <tr key={name}><td>{settlements[name]}</td>{cell(minor)}</tr>)}
        {sum(settlements.net, batch.net)}
        {state === "CARRIED" && sum(settlements.carriedOut, batch.carriedOut)}
      </Table>
      {state === "CARRIED" && <Notice tone="plain">{settlements.carriedWhy}</Notice>}
    </Panel>
  );
}
