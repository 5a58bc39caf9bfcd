/** One exception: both sides, what is known about it, and how an operator ends it. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation, useParams } from "react-router";
import { ApiProblem } from "../../../api/client";
import { ENDINGS, exceptionQuery, type Ending, type ReconException } from "../../../api/reconciliation";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Amount } from "../../../payment/amount";
import { idOf } from "../../../ui/address";
import { Button, buttonClass } from "../../../ui/button";
import { FactList, type Fact } from "../../../ui/fact-list";
import { Loading, Notice, Problem } from "../../../ui/notice";
import { Panel } from "../../../ui/panel";
import styles from "../console.module.css";
import { RECONCILIATION } from "../frame/ids";
import { useTitle } from "../frame/title";
import { useOperator } from "../operator";
import { ExceptionBadge } from "./badges";
import { EndDialog } from "./end-dialog";
import { Proposal } from "./proposal";
import own from "./reconciliation.module.css";
import { mayEnd } from "./rules";
import { Sides } from "./sides";

export default function ExceptionPage() {
  const { id = "" } = useParams();
  const exceptionId = idOf(id);
  return exceptionId === null ? <NoException id={id} /> : <OneException key={exceptionId} id={exceptionId} />;
}

function OneException({ id }: { id: number }) {
  const { reconciliation } = useTexts();
  const { search } = useLocation();
  const { token } = useOperator();
  const query = useQuery(exceptionQuery(token, id));
  useTitle(reconciliation.exception(id));
  if (query.error instanceof ApiProblem && query.error.code === "NOT_FOUND") return <NoException id={String(id)} />;
  return (
    <>
      <div className={own.head}>
        <h1>{reconciliation.exception(id)}</h1>
        {query.data !== undefined && <ExceptionBadge state={query.data.state} />}
        <Link className={`${buttonClass("plain", true)} ${own.back}`} to={`${RECONCILIATION}${search}`}>{reconciliation.toList}</Link>
      </div>
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      {query.isPending && <Loading />}
      {query.data !== undefined && <Whole exception={query.data} />}
    </>
  );
}

function Whole({ exception }: { exception: ReconException }) {
  const { reconciliation } = useTexts();
  return (
    <div className={own.columns}>
      <Panel title={`${reconciliation.class}: ${reconciliation.classes[exception.class]}`}>
        <p>{reconciliation.meaning[exception.class]}</p>
        <Sides exception={exception} />
      </Panel>
      <Panel title={reconciliation.facts}>
        <Facts exception={exception} />
        <Proposal exception={exception} />
        <Endings exception={exception} />
      </Panel>
    </div>
  );
}

function Endings({ exception }: { exception: ReconException }) {
  const { reconciliation } = useTexts();
  const { may } = useOperator();
  const [asked, setAsked] = useState<Ending | null>(null);
  const [done, setDone] = useState<ReconException | null>(null);
  const open = (ending: Ending) => {
    setDone(null);
    setAsked(ending);
  };
  return (
    <>
      {may("operate") && mayEnd(exception) && (
        <div className={styles.buttons}>
          {ENDINGS.map((ending) => (
            <Button key={ending} kind={ending === "RESOLVED" ? "primary" : "danger"} aria-haspopup="dialog" onClick={() => { open(ending); }}>
              {reconciliation.endings[ending].open}
            </Button>
          ))}
        </div>
      )}
      {done !== null && <Done now={done} />}
      {asked !== null && <EndDialog exception={exception} ending={asked} onDone={setDone} onClose={() => { setAsked(null); }} />}
    </>
  );
}

function Done({ now }: { now: ReconException }) {
  const { reconciliation } = useTexts();
  if (mayEnd(now)) return <Notice tone="warn">{reconciliation.proposed(now.exceptionId)}</Notice>;
  return <Notice tone="good">{reconciliation.done(now.exceptionId, reconciliation.states[now.state])}</Notice>;
}

function Facts({ exception }: { exception: ReconException }) {
  const { reconciliation, reconFiles, acquirer, locale } = useTexts();
  const { opensAt, endedAt, actor, approver, reason } = exception;
  const facts: Fact[] = [
    [reconciliation.amount, <Amount key="amount" minor={exception.suspense} currency={exception.currency} />],
    [reconFiles.acquirer, acquirer.connectors[exception.connector] ?? exception.connector],
    [reconciliation.openedAt, dateAndTime(exception.openedAt, locale)],
    ...(exception.state === "WAITING" && opensAt !== null ? [[reconciliation.opensAt, dateAndTime(opensAt, locale)] satisfies Fact] : []),
    ...(endedAt === null ? [] : [
      [reconciliation.endedAt, dateAndTime(endedAt, locale)],
      [reconciliation.by, [actor, approver].filter((who) => who !== null).join(", ")],
      [reconciliation.reason, reason],
    ] satisfies Fact[]),
  ];
  return <FactList facts={facts} className={styles.facts} />;
}

function NoException({ id }: { id: string }) {
  const { reconciliation } = useTexts();
  useTitle(reconciliation.noException(id));
  return (
    <div className={own.lost}>
      <h1>{reconciliation.noException(id)}</h1>
      <Link to={RECONCILIATION} className={buttonClass("primary")}>{reconciliation.toList}</Link>
    </div>
  );
}
