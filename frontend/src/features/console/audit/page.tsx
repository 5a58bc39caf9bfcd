import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { findingsQuery, type Finding, type FindingState } from "../../../api/operations";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Empty, Loading, Problem } from "../../../ui/notice";
import { usePaging } from "../../../ui/paging";
import { Badge, Choice, Pager, Panel, Table } from "../../../ui/panel";
import styles from "../console.module.css";
import { useToken } from "../token";

/** Findings of audits: open until a check of the payment clears them, then still listed. */
export default function AuditPage() {
  const texts = useTexts();
  const { token } = useToken();
  const [state, setState] = useState<FindingState | "">("OPEN");
  const paging = usePaging();
  const query = useQuery({ ...findingsQuery(token, state, paging.cursor), placeholderData: keepPreviousData });
  return (
    <Panel title={texts.findings.title}>
      <p className={styles.muted}>{texts.findings.about}</p>
      <Choice label={texts.letters.state} value={state} onChange={(event) => { setState(event.target.value as FindingState | ""); paging.restart(); }}>
        <option value="">{texts.console.any}</option>
        <option value="OPEN">{texts.findings.states.OPEN}</option>
        <option value="CLEARED">{texts.findings.states.CLEARED}</option>
      </Choice>
      {query.isPending && <Loading />}
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      {query.data?.items.length === 0 && <Empty>{texts.findings.none}</Empty>}
      {query.data !== undefined && query.data.items.length > 0 && <List items={query.data.items} />}
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
    </Panel>
  );
}

function List({ items }: { items: Finding[] }) {
  const texts = useTexts();
  const head = ["#", texts.letters.state, texts.findings.kind, texts.console.paymentId, texts.findings.detail, texts.findings.first, texts.findings.last];
  return (
    <Table label={texts.findings.title} head={head.map((name) => <th key={name} scope="col">{name}</th>)}>
      {items.map((finding) => {
        const state = finding.clearedAt === null ? "OPEN" : "CLEARED";
        return (
          <tr key={finding.id}>
            <td>{finding.id}</td>
            <td><Badge tone={state === "OPEN" ? "bad" : "good"}>{texts.findings.states[state]}</Badge></td>
            <td>{texts.findings.kinds[finding.kind]}</td>
            <td>{finding.paymentId ?? "–"}</td>
            <td>{finding.detail}</td>
            <td>{dateAndTime(finding.firstSeen, texts.locale)}</td>
            <td>{dateAndTime(finding.clearedAt ?? finding.lastSeen, texts.locale)}</td>
          </tr>
        );
      })}
    </Table>
  );
}
