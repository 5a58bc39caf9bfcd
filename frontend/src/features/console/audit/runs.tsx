/** Runs of the audit, and "Check now", which asks housekeeping for one. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { auditRunsQuery, requestAudit, type AuditRun, type AuditRuns } from "../../../api/desk";
import { useTexts } from "../../../i18n/language";
import { dateAndTime, timeOfDay } from "../../../i18n/time";
import { Button } from "../../../ui/button";
import { Empty, Loading, Problem } from "../../../ui/notice";
import { Badge, numberCell, Panel, Table } from "../../../ui/panel";
import styles from "../console.module.css";
import { useOperator } from "../operator";
import own from "./audit.module.css";

const SHOWN = 5;

export function Runs() {
  const texts = useTexts();
  const { findings } = texts;
  const { token, may } = useOperator();
  const client = useQueryClient();
  const query = useQuery(auditRunsQuery(token));
  const ask = useMutation({
    mutationFn: () => requestAudit(token),
    onSuccess: (answer) => { client.setQueryData(auditRunsQuery(token).queryKey, answer); },
  });
  const isWaiting = ask.isPending || query.data?.requested != null;
  return (
    <Panel
      title={findings.runs}
      aside={may("operate") && (
        <Button kind="primary" small aria-disabled={isWaiting} onClick={() => { if (!isWaiting) ask.mutate(); }}>
          {ask.isPending ? findings.asking : findings.checkNow}
        </Button>
      )}
    >
      <p className={styles.muted}>{findings.runsAbout}</p>
      <p className={own.said} aria-live="polite">{query.data !== undefined && <Progress runs={query.data} asked={ask.data} />}</p>
      {ask.isError && <Problem error={ask.error} retry={() => { ask.mutate(); }} />}
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      <div className={own.runs}>
        {query.isPending && <Loading />}
        {query.data?.items.length === 0 && <Empty>{findings.noRuns}</Empty>}
        {query.data !== undefined && query.data.items.length > 0 && <List items={query.data.items} />}
      </div>
    </Panel>
  );
}

/** Who asked and since when, until the audit is done; then what it found, for whoever asked on this page. */
function Progress({ runs: { items, requested }, asked }: { runs: AuditRuns; asked: AuditRuns | undefined }) {
  const texts = useTexts();
  if (requested !== null) return texts.findings.requested(requested.actor, timeOfDay(requested.at, texts.locale));
  const [newest] = items;
  if (asked === undefined || newest === undefined || newest.id === asked.items[0]?.id) return null;
  return texts.findings.done(timeOfDay(newest.at, texts.locale), newest.differences);
}

function List({ items }: { items: readonly AuditRun[] }) {
  const texts = useTexts();
  const { findings } = texts;
  const [all, setAll] = useState(false);
  return (
    <>
      <Table
        label={findings.runs}
        head={
          <>
            <th scope="col">{findings.at}</th>
            <th scope="col">{findings.extent}</th>
            <th scope="col">{findings.differences}</th>
            <th scope="col" className={numberCell}>{findings.inFlight}</th>
          </>
        }
      >
        {items.slice(0, all ? items.length : SHOWN).map((run) => (
          <tr key={run.id}>
            <td>{dateAndTime(run.at, texts.locale)}</td>
            <td>{run.full ? findings.full : findings.changed}</td>
            <td><Badge tone={run.differences === 0 ? "good" : "bad"}>{run.differences}</Badge></td>
            <td className={numberCell}>{run.inFlight}</td>
          </tr>
        ))}
      </Table>
      {!all && items.length > SHOWN && <Button small kind="quiet" onClick={() => { setAll(true); }}>{findings.moreRuns(items.length)}</Button>}
    </>
  );
}
