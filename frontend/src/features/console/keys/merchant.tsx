import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { merchantsQuery, type Merchant } from "../../../api/keys";
import { connectorName } from "../../../i18n/acquirer";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Button } from "../../../ui/button";
import { Empty, Loading, Notice, Problem } from "../../../ui/notice";
import { Panel } from "../../../ui/panel";
import styles from "../console.module.css";
import { MerchantLink } from "../frame/ids";
import { useOperator } from "../operator";
import { ConnectorDialog } from "./connector-dialog";
import { Keys } from "./keys";
import own from "./keys.module.css";
import { StateDialog } from "./merchant-dialogs";
import { Badges } from "./merchants";
import { PayoutDialog } from "./payout-dialog";

/** One merchant, and its keys. */
export function MerchantKeys({ id }: { id: string }) {
  const texts = useTexts();
  const { token } = useOperator();
  const query = useQuery(merchantsQuery(token, id, null));
  const found = query.data?.items[0];
  if (found === undefined) {
    return (
      <Panel title={texts.keys.merchant(id)}>
        {query.isPending && <Loading />}
        {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
        {query.data !== undefined && <Empty>{texts.keys.noMerchant(id)}</Empty>}
      </Panel>
    );
  }
  return (
    <>
      <Known merchant={found} />
      <Keys title={texts.keys.keysOf(id)} filter={{ merchantId: id }} of={id} />
    </>
  );
}

function Known({ merchant }: { merchant: Merchant }) {
  const texts = useTexts();
  const { may } = useOperator();
  const [asked, setAsked] = useState<Merchant["state"] | "connector" | "payout" | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const next = merchant.state === "ACTIVE" ? "SUSPENDED" : "ACTIVE";
  const close = () => { setAsked(null); };
  return (
    <Panel
      title={texts.keys.merchant(merchant.merchantId)}
      aside={may("administer") && (
        <span className={styles.buttons}>
          <Button small aria-haspopup="dialog" onClick={() => { setAsked("connector"); }}>{texts.acquirer.change}</Button>
          <Button small aria-haspopup="dialog" onClick={() => { setAsked("payout"); }}>{texts.merchants.change}</Button>
          <Button kind={next === "SUSPENDED" ? "danger" : "plain"} small aria-haspopup="dialog" onClick={() => { setAsked(next); }}>
            {next === "SUSPENDED" ? texts.keys.suspend : texts.keys.activate}
          </Button>
        </span>
      )}
    >
      <div className={own.merchant}>
        <strong className={own.name}>{merchant.name}</strong>
        <Badges merchant={merchant} />
        <span className={styles.muted}>{texts.keys.created} {dateAndTime(merchant.createdAt, texts.locale)}</span>
        <MerchantLink id={merchant.merchantId}>{texts.keys.payments}</MerchantLink>
        <span className={styles.muted}>{texts.merchants.dayOf(merchant.timeZone)}</span>
        <span className={styles.muted}>{merchant.iban === null ? texts.merchants.noIban : texts.merchants.account(merchant.iban)}</span>
      </div>
      {said !== null && <Notice tone="good">{said}</Notice>}
      {(asked === "SUSPENDED" || asked === "ACTIVE") && (
        <StateDialog merchantId={merchant.merchantId} to={asked} onDone={(changed) => { setSaid(texts.keys.changed(changed)); }} onClose={close} />
      )}
      {asked === "connector" && (
        <ConnectorDialog
          merchant={merchant}
          onDone={({ merchantId, connector }) => { setSaid(texts.acquirer.changed(merchantId, connectorName(texts.acquirer, connector))); }}
          onClose={close}
        />
      )}
      {asked === "payout" && <PayoutDialog merchant={merchant} onDone={({ merchantId }) => { setSaid(texts.merchants.changed(merchantId)); }} onClose={close} />}
    </Panel>
  );
}
