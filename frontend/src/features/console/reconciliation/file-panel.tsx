import type { ReactNode } from "react";
import { Link } from "react-router";
import type { ReconFile } from "../../../api/reconciliation";
import { connectorName } from "../../../i18n/acquirer";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Amount } from "../../../payment/amount";
import { FactList, type Fact } from "../../../ui/fact-list";
import { Notice } from "../../../ui/notice";
import { numberCell, Panel, Table } from "../../../ui/panel";
import styles from "../console.module.css";
import { CopyButton } from "../frame/copy";
import { RECONCILIATION } from "../frame/ids";
import { FileBadge } from "./badges";
import own from "./reconciliation.module.css";

/** One file: where it comes from, what it adds up to, and why it was refused. */
export function FilePanel({ file, aside }: { file: ReconFile; aside: ReactNode }) {
  const { acquirer, reconciliation, reconFiles, payouts, locale } = useTexts();
  const facts: Fact[] = [
    [reconciliation.state, <FileBadge key="state" state={file.state} />],
    [reconFiles.acquirer, connectorName(acquirer, file.connector)],
    [reconFiles.name, file.name],
    ...(file.day === null ? [] : [[reconFiles.day, file.day] satisfies Fact]),
    [reconFiles.digest, <span key="digest" className={own.hash}><code>{file.sha256}</code><CopyButton name={reconFiles.digest} text={file.sha256} /></span>],
    [reconFiles.created, dateAndTime(file.createdAt, locale)],
    [payouts.createdBy, file.createdBy],
    ...(file.endedAt === null ? [] : [[reconciliation.endedAt, dateAndTime(file.endedAt, locale)] satisfies Fact]),
  ];
  return (
    <Panel title={reconFiles.fileTitle(file.fileId)} aside={aside}>
      <FactList facts={facts} className={styles.facts} />
      {file.exceptions > 0 && <p><Link to={`${RECONCILIATION}?fileId=${file.fileId}`}>{reconFiles.itsExceptions(file.exceptions)}</Link></p>}
      {file.faults.length > 0 && <Faults faults={file.faults} />}
      {file.totals.length > 0 && <Totals totals={file.totals} />}
    </Panel>
  );
}

function Faults({ faults }: Pick<ReconFile, "faults">) {
  const { reconFiles } = useTexts();
  return (
    <Notice tone="bad">
      <h3>{reconFiles.faults}</h3>
      <ul className={own.faults}>{faults.map(({ line, reason }) => <li key={`${line} ${reason}`}>{reconFiles.fault(line, reason)}</li>)}</ul>
    </Notice>
  );
}

function Totals({ totals }: Pick<ReconFile, "totals">) {
  const { reconciliation, reconFiles } = useTexts();
  const head = [reconciliation.gross, reconciliation.fee, reconFiles.net, reconFiles.matchedGross, reconFiles.matchedFee, reconciliation.amount];
  return (
    <Table
      label={reconFiles.totals}
      head={
        <>
          <th scope="col">{reconciliation.currency}</th>
          {head.map((name) => <th key={name} scope="col" className={numberCell}>{name}</th>)}
        </>
      }
    >
      {totals.map((one) => (
        <tr key={one.currency}>
          <td>{one.currency}</td>
          {[one.gross, one.fee, one.net, one.matchedGross, one.matchedFee, one.suspense].map((minor, index) => (
            <td key={head[index]} className={numberCell}><Amount minor={minor} currency={one.currency} /></td>
          ))}
        </tr>
      ))}
    </Table>
  );
}
