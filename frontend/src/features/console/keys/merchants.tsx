import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { merchantsQuery, type Merchant } from "../../../api/keys";
import { connectorName } from "../../../i18n/acquirer";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { useListAddress } from "../../../ui/address";
import { Button } from "../../../ui/button";
import { Empty, Loading, Notice, Problem } from "../../../ui/notice";
import { Badge, Pager, Panel } from "../../../ui/panel";
import styles from "../console.module.css";
import { merchantPath } from "../frame/ids";
import { useOperator } from "../operator";
import own from "./keys.module.css";
import { NewMerchantDialog } from "./merchant-dialogs";

const NO_FILTERS = [] as const;

/** All merchants, by id. */
export function Merchants() {
  const texts = useTexts();
  const { token, may } = useOperator();
  const { paging } = useListAddress(NO_FILTERS);
  const query = useQuery(merchantsQuery(token, "", paging.cursor));
  const [asked, setAsked] = useState(false);
  const [made, setMade] = useState<Merchant | null>(null);
  return (
    <Panel
      title={texts.keys.merchants}
      aside={may("administer") && <Button kind="primary" small aria-haspopup="dialog" onClick={() => { setAsked(true); }}>{texts.keys.newMerchant}</Button>}
    >
      <p className={styles.muted}>{texts.keys.merchantsAbout}</p>
      {made !== null && <Notice tone="good"><p>{texts.keys.made(made.merchantId)} <Link to={merchantPath(made.merchantId)}>{texts.keys.keysOf(made.merchantId)}</Link></p></Notice>}
      {query.isPending && <Loading />}
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      {query.data?.items.length === 0 && <Empty>{texts.keys.noMerchants}</Empty>}
      {query.data !== undefined && query.data.items.length > 0 && <MerchantList items={query.data.items} />}
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
      {asked && <NewMerchantDialog onMade={setMade} onClose={() => { setAsked(false); }} />}
    </Panel>
  );
}

export function MerchantList({ items }: { items: readonly Merchant[] }) {
  const texts = useTexts();
  return (
    <ul className={own.list} aria-label={texts.keys.merchants}>
      {items.map((merchant) => (
        <li key={merchant.merchantId} className={own.merchant}>
          <Link to={merchantPath(merchant.merchantId)}>{merchant.merchantId}</Link>
          <span className={own.name}>{merchant.name}</span>
          <Badges merchant={merchant} />
          <span className={styles.muted}>{dateAndTime(merchant.createdAt, texts.locale)}</span>
        </li>
      ))}
    </ul>
  );
}

export function Badges({ merchant: { mode, state, connector } }: { merchant: Merchant }) {
  const { keys, acquirer } = useTexts();
  return (
    <span className={own.badges}>
      <Badge tone={mode === "LIVE" ? "warn" : "plain"}>{keys.modes[mode]}</Badge>
      <Badge tone={state === "ACTIVE" ? "good" : "bad"}>{keys.states[state]}</Badge>
      {connector !== "none" && <Badge tone="plain">{connectorName(acquirer, connector)}</Badge>}
    </span>
  );
}
