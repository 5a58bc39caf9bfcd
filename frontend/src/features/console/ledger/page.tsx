import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import type { Schema } from "../../../api/client";
import { trialBalanceQuery } from "../../../api/operations";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Notice, Problem } from "../../../ui/notice";
import { idOf, useListAddress } from "../../../ui/address";
import { Panel } from "../../../ui/panel";
import styles from "../console.module.css";
import { useOperator } from "../operator";
import { Balances } from "./balances";
import { Entries } from "./entries";
import own from "./ledger.module.css";

const FILTERS = ["merchantId", "asOf", "paymentId", "eventId"] as const;

/** The audit's result, the balances, and the postings. */
export default function LedgerPage() {
  const { filters, filter, paging } = useListAddress(FILTERS);
  const asOf = Number.isNaN(Date.parse(filters.asOf)) ? "" : filters.asOf;
  return (
    <div className={styles.stack}>
      <AuditPanel />
      <Balances merchantId={filters.merchantId} asOf={asOf} onFilter={filter} />
      <Entries filter={{ paymentId: idOf(filters.paymentId), eventId: idOf(filters.eventId) }} paging={paging} onFilter={filter} />
    </div>
  );
}

function AuditPanel() {
  const texts = useTexts();
  const { token } = useOperator();
  const query = useQuery(trialBalanceQuery(token));
  return (
    <Panel title={texts.ledger.audit} aside={<Link to="/console/audit">{texts.ledger.toAudit}</Link>}>
      <div className={own.audit}>
        {query.isPending && <p className={styles.muted} role="status">{texts.state.loading}</p>}
        {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
        {query.data !== undefined && <Agreement audit={query.data.audit} />}
      </div>
    </Panel>
  );
}

function Agreement({ audit }: { audit: Schema["TrialBalance"]["audit"] }) {
  const texts = useTexts();
  if (audit === null) return <p className={styles.muted}>{texts.ledger.auditNone}</p>;
  return (
    <Notice tone={audit.differences === 0 ? "good" : "bad"}>
      <p className={own.line}>
        <strong>{audit.differences === 0 ? texts.ledger.agrees : texts.ledger.differs(audit.differences)}</strong>
        <span>{dateAndTime(audit.at, texts.locale)} · {texts.ledger.inFlight(audit.inFlight)}</span>
      </p>
    </Notice>
  );
}
