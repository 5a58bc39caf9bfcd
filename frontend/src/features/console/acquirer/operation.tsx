/** One operation at an acquirer, and what an operator may do while its outcome is not known. */
import { useState, type ReactNode } from "react";
import { mayBeAsked, type AcquirerOperation } from "../../../api/acquirer";
import { connectorName } from "../../../i18n/acquirer";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Amount } from "../../../payment/amount";
import { Button } from "../../../ui/button";
import { FactList, type Fact } from "../../../ui/fact-list";
import { Notice } from "../../../ui/notice";
import { Panel } from "../../../ui/panel";
import styles from "../console.module.css";
import { MerchantLink, OperationLink, PaymentLink } from "../frame/ids";
import { useOperator } from "../operator";
import { AskAgainDialog, DecideDialog } from "./dialogs";
import { Proposal } from "./proposal";
import { StateBadge } from "./state-badge";

type Asked = "enquire" | "decide";

export function OperationPanel({ operation, aside }: { operation: AcquirerOperation; aside: ReactNode }) {
  const { acquirer } = useTexts();
  const { may } = useOperator();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const isManual = operation.state === "MANUAL";
  const open = (what: Asked) => {
    setSaid(null);
    setAsked(what);
  };
  const close = () => { setAsked(null); };
  return (
    <Panel title={acquirer.operation(operation.operationId)} aside={aside}>
      <Facts operation={operation} />
      <Proposal operation={operation} />
      {may("operate") && (isManual || mayBeAsked(operation)) && (
        <div className={styles.buttons}>
          {mayBeAsked(operation) && <Button kind="primary" aria-haspopup="dialog" onClick={() => { open("enquire"); }}>{acquirer.askAgain}</Button>}
          {isManual && <Button kind="danger" aria-haspopup="dialog" onClick={() => { open("decide"); }}>{acquirer.decide}</Button>}
        </div>
      )}
      {said !== null && <Notice tone="good">{said}</Notice>}
      {asked === "enquire" && <AskAgainDialog id={operation.operationId} onDone={() => { setSaid(acquirer.asked); }} onClose={close} />}
      {asked === "decide" && (
        <DecideDialog
          operation={operation}
          onDone={(now, outcome) => { setSaid(now.state === "MANUAL" ? acquirer.proposed : acquirer.carriedOut(acquirer.outcomes[outcome])); }}
          onClose={close}
        />
      )}
    </Panel>
  );
}

function Facts({ operation }: { operation: AcquirerOperation }) {
  const { acquirer, acquiring, locale } = useTexts();
  const time = (at: string | null) => (at === null ? acquirer.notYet : dateAndTime(at, locale));
  const optional = (name: string, value: ReactNode): Fact[] => (value === null ? [] : [[name, value]]);
  const { state, declineCode, authorizationReference, acquirerReference, reverses } = operation;
  const facts: Fact[] = [
    [acquirer.state, <StateBadge key="state" state={state} />],
    [acquirer.kind, acquiring.kinds[operation.kind]],
    [acquirer.amount, <Amount key="amount" minor={operation.amount} currency={operation.currency} />],
    [acquirer.payment, <PaymentLink key="payment" id={operation.paymentId} />],
    [acquirer.merchant, <MerchantLink key="merchant" id={operation.merchantId} />],
    [acquirer.connector, connectorName(acquirer, operation.connector)],
    [acquirer.reference, <code key="reference">{operation.reference}</code>],
    ...optional(acquirer.authorization, authorizationReference && <code>{authorizationReference}</code>),
    ...optional(acquirer.acquirerReference, acquirerReference && <code>{acquirerReference}</code>),
    ...optional(acquirer.declineCode, declineCode && <code>{declineCode}</code>),
    ...optional(acquirer.reverses, reverses && <OperationLink id={reverses} />),
    [acquirer.created, time(operation.createdAt)],
    [acquirer.sent, time(operation.sentAt)],
    [acquirer.decided, time(operation.decidedAt)],
    ...optional(acquirer.nextEnquiry, operation.nextEnquiryAt && time(operation.nextEnquiryAt)),
    [acquirer.enquiries, String(operation.enquiries)],
  ];
  return <FactList facts={facts} className={styles.facts} />;
}
