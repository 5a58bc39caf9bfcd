/** How reconciliation is: open exceptions by class and age, what is in suspense, and the newest file. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { summaryQuery, type ReconSummary } from "../../../api/reconciliation";
import { useTexts } from "../../../i18n/language";
import { Amount } from "../../../payment/amount";
import { Loading, Problem } from "../../../ui/notice";
import { Panel } from "../../../ui/panel";
import styles from "../console.module.css";
import { RECONCILIATION, fileOf } from "../frame/ids";
import { useOperator } from "../operator";
import { FileBadge } from "./badges";
import own from "./reconciliation.module.css";

export function Summary() {
  const { reconciliation } = useTexts();
  const { token } = useOperator();
  const query = useQuery(summaryQuery(token));
  return (
    <Panel title={reconciliation.summary}>
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      <div className={own.summary}>
        {query.isPending && <Loading />}
        {query.data !== undefined && <State summary={query.data} />}
      </div>
    </Panel>
  );
}

function State({ summary: { exceptions, suspense, newestFile } }: { summary: ReconSummary }) {
  const { reconciliation, reconFiles } = useTexts();
  const present = exceptions.filter(({ open, waiting }) => open + waiting > 0);
  return (
    <>
      {present.length === 0 && <p className={styles.muted}>{reconciliation.noneOpen}</p>}
      {present.length > 0 && (
        <dl className={styles.counters}>
          {present.map((one) => (
            <div key={one.class}>
              <dt>{reconciliation.classes[one.class]}</dt>
              <dd><Link to={`${RECONCILIATION}?class=${one.class}${one.open === 0 ? "&state=WAITING" : ""}`}>{reconciliation.count(one.open, one.waiting)}</Link></dd>
              <dd className={own.age}>{reconciliation.older(one.olderThanDay, one.olderThanWeek)}</dd>
            </div>
          ))}
        </dl>
      )}
      <div className={own.line}>
        <strong>{reconciliation.suspense}</strong>
        {suspense.length === 0
          ? <span className={styles.muted}>{reconciliation.noSuspense}</span>
          : suspense.map((one) => <span key={one.currency} className={own.amount}><Amount minor={one.amount} currency={one.currency} /></span>)}
        {suspense.length > 0 && <span className={styles.muted}>{reconciliation.suspenseAbout}</span>}
      </div>
      <div className={own.line}>
        <strong>{reconciliation.newestFile}</strong>
        {newestFile === null ? <span className={styles.muted}>{reconciliation.noFileYet}</span> : (
          <>
            <Link to={fileOf(newestFile.fileId)}>{newestFile.name}</Link>
            {newestFile.day !== null && <span className={styles.muted}>{reconciliation.ofDay(newestFile.day)}</span>}
            <FileBadge state={newestFile.state} />
            <span className={styles.muted}>{reconFiles.matched}: {newestFile.matched} / {newestFile.lines}</span>
          </>
        )}
      </div>
    </>
  );
}
