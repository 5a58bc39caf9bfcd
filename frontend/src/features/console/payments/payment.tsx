/** One payment with all that belongs to it, and what an operator can do to it. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { ApiProblem } from "../../../api/client";
import { deskPaymentQuery, isOnItsWay, type DeskPayment } from "../../../api/desk";
import { useTexts } from "../../../i18n/language";
import { Facts } from "../../../payment/facts";
import { StatusBadge } from "../../../payment/status";
import { AcquirerSteps } from "../../../payment/steps";
import { Timeline } from "../../../payment/timeline";
import { idOf } from "../../../ui/address";
import { buttonClass } from "../../../ui/button";
import { Loading, Problem } from "../../../ui/notice";
import { Badge, Panel } from "../../../ui/panel";
import { StateBadge } from "../acquirer/state-badge";
import { EntriesLink, OperationLink } from "../frame/ids";
import { SEARCH } from "../frame/search-box";
import { useTitle } from "../frame/title";
import { useOperator } from "../operator";
import { Actions, Answers, DeadLetters, Findings } from "./belongings";
import { Changes } from "./changes";
import { Details } from "./details";
import { EventIds } from "./event-ids";
import styles from "./payment.module.css";

export default function PaymentPage() {
  const { id = "" } = useParams();
  const paymentId = idOf(id);
  return paymentId === null ? <NoPayment id={id} /> : <Payment key={paymentId} id={paymentId} />;
}

function Payment({ id }: { id: number }) {
  const texts = useTexts();
  const { token } = useOperator();
  const query = useQuery(deskPaymentQuery(token, id));
  useTitle(texts.desk.title(id));
  if (query.error instanceof ApiProblem && query.error.code === "NOT_FOUND") return <NoPayment id={id} />;
  return (
    <>
      <div className={styles.head}>
        <h1>{texts.desk.title(id)}</h1>
        {query.data !== undefined && <StatusBadge status={query.data.status} />}
        <Link to={SEARCH} className={`${buttonClass("plain", true)} ${styles.back}`}>{texts.desk.back}</Link>
      </div>
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      {query.isPending && <div className={styles.waiting}><Loading /></div>}
      {query.data !== undefined && <Whole payment={query.data} />}
    </>
  );
}

function Whole({ payment }: { payment: DeskPayment }) {
  const texts = useTexts();
  const { may } = useOperator();
  const way = isOnItsWay(payment) ? <Badge tone="warn">{texts.desk.onItsWay}</Badge> : <Badge tone="good">{texts.desk.allPosted}</Badge>;
  return (
    <div className={styles.columns}>
      <div className={styles.amounts}>
        <Panel title={texts.desk.amounts}><Facts payment={payment} /></Panel>
      </div>
      <div className={styles.side}>
        {may("operate") && <Changes payment={payment} />}
        <Details payment={payment} />
      </div>
      <div className={styles.rest}>
        <Panel title={texts.timeline.title} aside={way}>
          <Timeline payment={payment} more={(event) => <EventIds event={event} />} />
          <p><EntriesLink paymentId={payment.paymentId}>{texts.desk.showEntries}</EntriesLink></p>
        </Panel>
        <AcquirerSteps
          steps={payment.operations}
          currency={payment.currency}
          badge={(step) => <StateBadge state={step.state} />}
          more={(step) => <OperationLink id={step.operationId}>{texts.acquirer.operation(step.operationId)}</OperationLink>}
        />
        <Answers answers={payment.answers} />
        <DeadLetters letters={payment.deadLetters} />
        <Findings findings={payment.findings} paymentId={payment.paymentId} />
        <Actions actions={payment.actions} />
      </div>
    </div>
  );
}

function NoPayment({ id }: { id: number | string }) {
  const texts = useTexts();
  useTitle(texts.desk.noPayment(id));
  return (
    <div className={styles.lost}>
      <h1>{texts.desk.noPayment(id)}</h1>
      <p>{texts.desk.noPaymentHint}</p>
      <Link to={SEARCH} className={buttonClass("primary")}>{texts.desk.back}</Link>
    </div>
  );
}
