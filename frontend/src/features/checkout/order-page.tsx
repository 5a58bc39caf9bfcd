import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link, NavigationType, useLocation, useNavigationType, useParams } from "react-router";
import { authorize, type Payment } from "../../api/payments";
import { useTexts } from "../../i18n/language";
import { Facts } from "../../payment/facts";
import { StatusBadge } from "../../payment/status";
import { AcquirerSteps, StepBadge } from "../../payment/steps";
import { Timeline } from "../../payment/timeline";
import { Button, buttonClass } from "../../ui/button";
import { Loading, Notice, Problem } from "../../ui/notice";
import { Panel } from "../../ui/panel";
import { ChangePanel } from "./change-panel";
import { keptOrders, type KeptOrder } from "./orders";
import { Outcome, useOrder } from "./outcome";
import { productOf } from "./products";
import styles from "./shop.module.css";

/** One order: its content, its actions and its timeline. */
export function OrderPage() {
  const texts = useTexts();
  const paymentId = Number(useParams().paymentId);
  const { query, late, again } = useOrder(paymentId);
  const kept = keptOrders().find((order) => order.paymentId === paymentId);
  const product = productOf(kept?.productId);
  const state = useLocation().state as { captureFailed?: boolean } | null;
  const heading = useRef<HTMLHeadingElement>(null);
  const arrived = useNavigationType() === NavigationType.Push;
  useEffect(() => {
    if (!arrived) return; // after "back" and a reload the browser restores the position
    window.scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, [arrived, paymentId]);
  const mayCapture = query.data?.status === "AUTHORIZED";
  return (
    <div className={`${styles.page} ${styles.tall}`}>
      <div className={styles.intro}>
        <div>
          <h1 ref={heading} tabIndex={-1} className={styles.heading}>{texts.order.title(paymentId)}</h1>
          {product !== undefined && kept !== undefined && <p className={styles.lead}>{product.maker} {product.name} × {kept.quantity}</p>}
        </div>
        <Link to="/" className={buttonClass("plain")}>{texts.order.again}</Link>
      </div>
      {state?.captureFailed === true && mayCapture && <Notice tone="warn">{texts.shop.authorizedNotCaptured}</Notice>}
      {query.isPending && <Loading />}
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      {query.data !== undefined && <Outcome payment={query.data} late={late} captureLater={kept?.captureLater === true} onAgain={again} />}
      {query.data !== undefined && <Order payment={query.data} kept={kept} />}
    </div>
  );
}

function Order({ payment, kept }: { payment: Payment; kept: KeptOrder | undefined }) {
  const texts = useTexts();
  return (
    <div className={styles.columns}>
      <div className={styles.shelves}>
        <Panel title={texts.console.paymentId} aside={<StatusBadge status={payment.status} />}>
          <Facts payment={payment} />
        </Panel>
        <Panel title={texts.timeline.title}>
          <Timeline payment={payment} />
        </Panel>
        <AcquirerSteps steps={payment.operations} currency={payment.currency} badge={(step) => <StepBadge state={step.state} />} />
      </div>
      <div className={styles.shelves}>
        {payment.status !== "PROCESSING" && payment.status !== "DECLINED" && <ChangePanel payment={payment} captureKey={kept?.captureLater === true ? kept.idempotencyKey : null} />}
        {kept !== undefined && <Repeat kept={kept} />}
      </div>
    </div>
  );
}

/** Sends the same order again, which shows that a key pays once. */
function Repeat({ kept }: { kept: KeptOrder }) {
  const texts = useTexts();
  const mutation = useMutation({ mutationFn: () => authorize(kept) });
  const again = () => { mutation.mutate(); };
  return (
    <Panel title={texts.shop.key}>
      <code className={styles.key}>{kept.idempotencyKey}</code>
      <p className={styles.muted}>{texts.order.repeatHint}</p>
      <Button onClick={again} disabled={mutation.isPending}>{texts.order.repeat}</Button>
      {mutation.isError && <Problem error={mutation.error} retry={again} />}
      {mutation.isSuccess && (
        <Notice tone={mutation.data.replayed ? "good" : "warn"}>
          {(mutation.data.replayed ? texts.order.replayed : texts.order.notReplayed)(mutation.data.data.paymentId)}
        </Notice>
      )}
    </Panel>
  );
}
