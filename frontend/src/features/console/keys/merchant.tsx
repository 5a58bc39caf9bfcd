import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { merchantsQuery, type Merchant } from "../../../api/keys";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Button } from "../../../ui/button";
import { Empty, Loading, Notice, Problem } from "../../../ui/notice";
import { Panel } from "../../../ui/panel";
import styles from "../console.module.css";
import { MerchantLink } from "../frame/ids";
import { useOperator } from "../operator";
import { Keys } from "./keys";
import own from "./keys.module.css";
import { StateDialog } from "./merchant-dialogs";
import { Badges } from "./merchants";

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
  const [asked, setAsked] = useState<Merchant["state"] | null>(null);
  const [changed, setChanged] = useState<Merchant | null>(null);
  const next = merchant.state === "ACTIVE" ? "SUSPENDED" : "ACTIVE";
  return (
    <Panel
      title={texts.keys.merchant(merchant.merchantId)}
      aside={may("administer") && (
        <Button kind={next === "SUSPENDED" ? "danger" : "plain"} small aria-haspopup="dialog" onClick={() => { setAsked(next); }}>
          {next === "SUSPENDED" ? texts.keys.suspend : texts.keys.activate}
        </Button>
      )}
    >
      <div className={own.merchant}>
        <strong className={own.name}>{merchant.name}</strong>
        <Badges merchant={merchant} />
        <span className={styles.muted}>{texts.keys.created} {dateAndTime(merchant.createdAt, texts.locale)}</span>
        <MerchantLink id={merchant.merchantId}>{texts.keys.payments}</MerchantLink>
      </div>
      {changed !== null && <Notice tone="good">{texts.keys.changed(changed)}</Notice>}
      {asked !== null && <StateDialog merchantId={merchant.merchantId} to={asked} onDone={setChanged} onClose={() => { setAsked(null); }} />}
    </Panel>
  );
}
