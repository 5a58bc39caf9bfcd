/** Findings: the open ones first; each with when it was first and last seen, and when it was cleared. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { address } from "../../../api/client";
import { findingsQuery, type Finding, type FindingFilter } from "../../../api/operations";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { idOf, oneOf, useListAddress } from "../../../ui/address";
import { Empty, Loading, Problem } from "../../../ui/notice";
import { Badge, Choice, Pager, Panel, Table } from "../../../ui/panel";
import styles from "../console.module.css";
import { ExportButton } from "../frame/export-button";
import { PaymentLink } from "../frame/ids";
import { OfPayment } from "../frame/of-payment";
import { useOperator } from "../operator";
import own from "./audit.module.css";
import { KINDS } from "./meanings";

const FILTERS = ["state", "kind", "paymentId"] as const;
const STATES = ["OPEN", "CLEARED", "ALL"] as const;
type ShownState = (typeof STATES)[number];

export function Findings() {
  const texts = useTexts();
  const { token } = useOperator();
  const { filters, filter, paging } = useListAddress(FILTERS);
  const paymentId = idOf(filters.paymentId) ?? "";
  const chosen: ShownState = oneOf(filters.state, STATES) || (paymentId === "" ? "OPEN" : "ALL"); // of one payment, its history
  const asked: FindingFilter = { state: chosen === "ALL" ? "" : chosen, kind: oneOf(filters.kind, KINDS), paymentId };
  const query = useQuery({ ...findingsQuery(token, asked, paging.cursor), placeholderData: keepPreviousData });
  const isPlain = chosen === "OPEN" && asked.kind === "" && paymentId === "";
  return (
    <Panel title={texts.findings.title} aside={<ExportButton url={address("/audit/findings.csv", {}, asked)} />}>
      <p className={styles.muted}>{texts.findings.about}</p>
      <div className={styles.filters}>
        <Choice label={texts.letters.state} value={chosen} onChange={(event) => { filter({ state: event.target.value }); }}>
          {STATES.map((state) => <option key={state} value={state}>{texts.findings.states[state]}</option>)}
        </Choice>
        <Choice label={texts.findings.kind} value={asked.kind} onChange={(event) => { filter({ kind: event.target.value }); }}>
          <option value="">{texts.console.any}</option>
          {KINDS.map((kind) => <option key={kind} value={kind}>{texts.findings.kinds[kind]}</option>)}
        </Choice>
        <OfPayment key={paymentId} paymentId={String(paymentId)} onFilter={(id) => { filter({ paymentId: id, state: filters.state }); }} />
      </div>
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      <div className={own.results} aria-busy={query.isPlaceholderData}>
        {query.isPending && <Loading />}
        {query.data?.items.length === 0 && <Empty>{isPlain ? texts.findings.noneOpen : texts.findings.none}</Empty>}
        {query.data !== undefined && query.data.items.length > 0 && <List items={query.data.items} />}
      </div>
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
    </Panel>
  );
}

function List({ items }: { items: readonly Finding[] }) {
  const texts = useTexts();
  const { findings } = texts;
  const head = ["#", texts.letters.state, findings.kind, texts.console.paymentId, findings.detail, findings.first, findings.last, findings.cleared];
  return (
    <Table label={findings.title} head={head.map((name) => <th key={name} scope="col">{name}</th>)}>
      {items.map((finding) => {
        const state = finding.clearedAt === null ? "OPEN" : "CLEARED";
        return (
          <tr key={finding.id}>
            <td>{finding.id}</td>
            <td><Badge tone={state === "OPEN" ? "bad" : "good"}>{findings.states[state]}</Badge></td>
            <td>{findings.kinds[finding.kind]}</td>
            <td>{finding.paymentId === null ? "–" : <PaymentLink id={finding.paymentId} />}</td>
            <td className={styles.words}>{finding.detail}</td>
            <td>{dateAndTime(finding.firstSeen, texts.locale)}</td>
            <td>{dateAndTime(finding.lastSeen, texts.locale)}</td>
            <td>{finding.clearedAt === null ? findings.stillOpen : dateAndTime(finding.clearedAt, texts.locale)}</td>
          </tr>
        );
      })}
    </Table>
  );
}
