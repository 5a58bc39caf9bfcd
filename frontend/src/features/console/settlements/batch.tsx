/** One batch: its amounts, its items, and what an operator can do with it. Printed, it is a statement. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { address, ApiProblem } from "../../../api/client";
import { batchQuery, type Batch } from "../../../api/settlements";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { idOf } from "../../../ui/address";
import { Button, buttonClass } from "../../../ui/button";
import { FactList, type Fact } from "../../../ui/fact-list";
import { Loading, Problem } from "../../../ui/notice";
import { Panel } from "../../../ui/panel";
import styles from "../console.module.css";
import { CopyButton } from "../frame/copy";
import { ExportButton } from "../frame/export-button";
import { BatchesLink, PAYOUT_FILES, SETTLEMENTS } from "../frame/ids";
import { useTitle } from "../frame/title";
import { useOperator } from "../operator";
import { Items } from "./items";
import own from "./settlements.module.css";
import { StateBadge } from "./state-badge";
import { Steps } from "./steps";
import { Sums } from "./sums";

export default function BatchPage() {
  const { id = "" } = useParams();
  const batchId = idOf(id);
  return batchId === null ? <NoBatch id={id} /> : <OneBatch key={batchId} id={batchId} />;
}

function OneBatch({ id }: { id: number }) {
  const { settlements } = useTexts();
  const { token } = useOperator();
  const query = useQuery(batchQuery(token, id));
  useTitle(settlements.batch(id));
  if (query.error instanceof ApiProblem && query.error.code === "NOT_FOUND") return <NoBatch id={String(id)} />;
  return (
    <>
      <div className={own.head}>
        <h1>{settlements.batch(id)}</h1>
        {query.data !== undefined && <StateBadge state={query.data.state} held={query.data.held} />}
        <div className={own.tools}>
          {query.data !== undefined && query.data.state !== "OPEN" && <Statement id={id} />}
          <Link to={SETTLEMENTS} className={buttonClass("plain", true)}>{settlements.back}</Link>
        </div>
      </div>
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      {query.isPending && <Loading />}
      {query.data !== undefined && <Whole batch={query.data} />}
    </>
  );
}

function Statement({ id }: { id: number }) {
  const { settlements } = useTexts();
  return (
    <>
      <ExportButton url={address("/settlement-batches/{batch_id}/statement.csv", { batch_id: id })} label={settlements.statement} />
      <Button small onClick={() => { window.print(); }}>{settlements.print}</Button>
    </>
  );
}

function Whole({ batch }: { batch: Batch }) {
  return (
    <>
      <Steps batch={batch} />
      <div className={own.columns}>
        <Sums batch={batch} />
        <Facts batch={batch} />
      </div>
      <Items batch={batch} />
    </>
  );
}

function Facts({ batch }: { batch: Batch }) {
  const { settlements, locale } = useTexts();
  const { merchantId, currency, sha256 } = batch;
  const facts: Fact[] = [
    [settlements.merchant, <BatchesLink key="merchant" merchantId={merchantId} currency={currency}>{merchantId}</BatchesLink>],
    [settlements.currency, currency],
    [settlements.number, batch.number],
    [settlements.cutoff, dateAndTime(batch.cutoff, locale)],
    ...(batch.closedAt === null ? [] : [[settlements.closedAt, dateAndTime(batch.closedAt, locale)] satisfies Fact]),
    ...(batch.state === "OPEN" || batch.state === "CARRIED" ? [] : [
      [settlements.approvedBy, batch.approvedBy.join(", ") || settlements.nobody],
      [settlements.payoutFile, batch.payoutFileId === null ? settlements.noFile : <Link key="file" to={PAYOUT_FILES}>{batch.payoutFileId}</Link>],
    ] satisfies Fact[]),
    ...(sha256 === null ? [] : [[settlements.sha256, <span key="hash" className={own.hash}><code>{sha256}</code><CopyButton name={settlements.sha256} text={sha256} /></span>] satisfies Fact]),
  ];
  return <Panel title={settlements.facts}><FactList facts={facts} className={styles.facts} /></Panel>;
}

function NoBatch({ id }: { id: string }) {
  const { settlements } = useTexts();
  useTitle(settlements.noBatch(id));
  return (
    <div className={own.lost}>
      <h1>{settlements.noBatch(id)}</h1>
      <Link to={SETTLEMENTS} className={buttonClass("primary")}>{settlements.back}</Link>
    </div>
  );
}
