/** One exception: both sides, what is known about it, and how an operator ends it. Below the list on narrow screens. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Link, useLocation } from "react-router";
import { exceptionQuery, type Ending, type ReconException } from "../../../api/reconciliation";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Amount } from "../../../payment/amount";
import { Button, buttonClass } from "../../../ui/button";
import { FactList, type Fact } from "../../../ui/fact-list";
import { Loading, Notice, Problem } from "../../../ui/notice";
import { Panel } from "../../../ui/panel";
import beside from "../beside.module.css";
import styles from "../console.module.css";
import { RECONCILIATION } from "../frame/ids";
import { useOperator } from "../operator";
import { ExceptionBadge } from "./badges";
import { EndDialog } from "./end-dialog";
import { Proposal } from "./proposal";
import { mayEnd } from "./rules";
import { Sides } from "./sides";

const ENDINGS: readonly Ending[] = ["RESOLVED", "WRITTEN_OFF"];

export function OneException({ id }: { id: number }) {
  const { reconciliation } = useTexts();
  const { search } = useLocation();
  const { token } = useOperator();
  const query = useQuery(exceptionQuery(token, id));
  const close = <Link className={buttonClass("quiet", true)} to={`${RECONCILIATION}${search}`}>{reconciliation.toList}</Link>;
  const side = useRef<HTMLDivElement>(null);
  useEffect(() => { side.current?.scrollIntoView({ block: "nearest" }); }, [query.isPending]);
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard
    <div ref={side} className={beside.side} role="group" aria-label={reconciliation.exception(id)} tabIndex={0}>
      {query.data !== undefined ? (
        <ExceptionPanel exception={query.data} aside={close} />
      ) : (
        <Panel title={reconciliation.exception(id)} aside={close}>
          {query.isPending && <Loading />}
          {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
        </Panel>
      )}
    </div>
  );
}

function ExceptionPanel({ exception, aside }: { exception: ReconException; aside: ReactNode }) {
  const { reconciliation } = useTexts();
  const { may } = useOperator();
  const [asked, setAsked] = useState<Ending | null>(null);
  const [done, setDone] = useState<ReconException | null>(null);
  const open = (ending: Ending) => {
    setDone(null);
    setAsked(ending);
  };
  return (
    <Panel title={reconciliation.exception(exception.exceptionId)} aside={aside}>
      <p>{reconciliation.meaning[exception.class]}</p>
      <Sides exception={exception} />
      <Facts exception={exception} />
      <Proposal exception={exception} />
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
    </Panel>
  );
}

function Done({ now }: { now: ReconException }) {
  const { reconciliation } = useTexts();
  if (mayEnd(now)) return <Notice tone="warn">{reconciliation.proposed(now.exceptionId)}</Notice>;
  return <Notice tone="good">{reconciliation.done(now.exceptionId, reconciliation.states[now.state])}</Notice>;
}

function Facts({ exception }: { exception: ReconException }) {
  const { reconciliation, locale } = useTexts();
  const { opensAt, endedAt, actor, approver, reason } = exception;
  const facts: Fact[] = [
    [reconciliation.class, reconciliation.classes[exception.class]],
    [reconciliation.state, <ExceptionBadge key="state" state={exception.state} />],
    [reconciliation.amount, <Amount key="amount" minor={exception.suspense} currency={exception.currency} />],
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
