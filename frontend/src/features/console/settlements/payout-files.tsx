/** Payout files: what the bank is given. Each can be downloaded again, and never changes. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { address } from "../../../api/client";
import { payoutFilesQuery, type PayoutFile } from "../../../api/settlements";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { formatMoney } from "../../../money/money";
import { Amount } from "../../../payment/amount";
import { useListAddress } from "../../../ui/address";
import { Button } from "../../../ui/button";
import { Empty, Loading, Notice, Problem } from "../../../ui/notice";
import { numberCell, Pager, Panel, Table } from "../../../ui/panel";
import beside from "../beside.module.css";
import styles from "../console.module.css";
import { ExportButton } from "../frame/export-button";
import { useOperator } from "../operator";
import { PayoutFileDialog } from "./payout-file-dialog";

const NO_FILTERS = [] as const;

export function PayoutFiles() {
  const { settlements, payouts, locale } = useTexts();
  const { token, may } = useOperator();
  const { paging } = useListAddress(NO_FILTERS);
  const query = useQuery(payoutFilesQuery(token, paging.cursor));
  const [asked, setAsked] = useState(false);
  const [made, setMade] = useState<PayoutFile | null>(null);
  const open = () => {
    setMade(null);
    setAsked(true);
  };
  return (
    <Panel title={settlements.files} aside={may("operate") && <Button kind="primary" small aria-haspopup="dialog" onClick={open}>{payouts.newFile}</Button>}>
      <p className={styles.muted}>{payouts.filesAbout}</p>
      {made !== null && <Notice tone="good">{payouts.fileMade(made.name, made.payouts, formatMoney(made.total, made.currency, locale))}</Notice>}
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      <div className={beside.results} aria-busy={query.isPlaceholderData}>
        {query.isPending && <Loading />}
        {query.data?.items.length === 0 && <Empty>{payouts.noFiles}</Empty>}
        {query.data !== undefined && query.data.items.length > 0 && <List items={query.data.items} />}
      </div>
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
      {asked && <PayoutFileDialog onMade={setMade} onClose={() => { setAsked(false); }} />}
    </Panel>
  );
}

function List({ items }: { items: readonly PayoutFile[] }) {
  const { settlements, payouts, locale } = useTexts();
  const head = ["#", payouts.name, payouts.mode, payouts.format, payouts.payouts, payouts.total, payouts.created, payouts.createdBy];
  const numbers = new Set([payouts.payouts, payouts.total]);
  return (
    <Table
      label={settlements.files}
      head={
        <>
          {head.map((name) => <th key={name} scope="col" className={numbers.has(name) ? numberCell : undefined}>{name}</th>)}
          <th scope="col" className={numberCell}>{payouts.download}</th>
        </>
      }
    >
      {items.map((file) => (
        <tr key={file.fileId}>
          <td>{file.fileId}</td>
          <td title={file.sha256}>{file.name}</td>
          <td>{payouts.modes[file.mode]}</td>
          <td>{payouts.formats[file.format]}</td>
          <td className={numberCell}>{file.payouts}</td>
          <td className={numberCell}><Amount minor={file.total} currency={file.currency} /></td>
          <td>{dateAndTime(file.createdAt, locale)}</td>
          <td>{file.createdBy}</td>
          <td><ExportButton url={address("/payout-files/{file_id}/content", { file_id: file.fileId })} label={payouts.download} /></td>
        </tr>
      ))}
    </Table>
  );
}
