import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { keysQuery, type ApiKey, type KeyFilter, type NewApiKey } from "../../../api/keys";
import { useTexts } from "../../../i18n/language";
import { useListAddress } from "../../../ui/address";
import { Button } from "../../../ui/button";
import { Empty, Loading, Notice, Problem } from "../../../ui/notice";
import { Pager, Panel } from "../../../ui/panel";
import { useOperator } from "../operator";
import { RevokeDialog, RotateDialog } from "./key-dialogs";
import { KeyItem, type KeyAction } from "./key-item";
import own from "./keys.module.css";
import { NewKeyDialog } from "./new-key-dialog";
import { ShownOnce } from "./shown-once";

const NO_FILTERS = [] as const;

type Opened = { action: "create" } | { action: KeyAction; key: ApiKey };

interface Props {
  title: string;
  filter: KeyFilter;
  /** The merchant whose keys these are; null: operators. */
  of: string | null;
}

/** A list of keys; a new key's text is only in the state of this component, until its dialog closes. */
export function Keys({ title, filter, of }: Props) {
  const texts = useTexts();
  const { token, may } = useOperator();
  const { paging } = useListAddress(NO_FILTERS);
  const query = useQuery(keysQuery(token, filter, paging.cursor));
  const [opened, setOpened] = useState<Opened | null>(null);
  const [made, setMade] = useState<NewApiKey | null>(null);
  const [revoked, setRevoked] = useState<string | null>(null);
  const close = () => { setOpened(null); };
  const mayMake = may("administer") && filter.keyId === undefined;
  const open = (next: Opened) => {
    setRevoked(null);
    setOpened(next);
  };
  return (
    <Panel title={title} aside={mayMake && <Button kind="primary" small aria-haspopup="dialog" onClick={() => { open({ action: "create" }); }}>{texts.keys.newKey}</Button>}>
      {revoked !== null && <Notice tone="good">{texts.keys.revoked(revoked)}</Notice>}
      {query.isPending && <Loading />}
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      {query.data?.items.length === 0 && <Empty>{texts.keys.noKeys}</Empty>}
      {query.data !== undefined && query.data.items.length > 0 && (
        <ul className={own.list} aria-label={title}>
          {query.data.items.map((key) => <KeyItem key={key.keyId} apiKey={key} withOwner={filter.keyId !== undefined} onAction={(action) => { open({ action, key }); }} />)}
        </ul>
      )}
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
      {opened?.action === "create" && <NewKeyDialog of={of} onMade={setMade} onClose={close} />}
      {opened?.action === "rotate" && <RotateDialog apiKey={opened.key} onMade={setMade} onClose={close} />}
      {opened?.action === "revoke" && <RevokeDialog apiKey={opened.key} onRevoked={setRevoked} onClose={close} />}
      {made !== null && <ShownOnce made={made} onClose={() => { setMade(null); }} />}
    </Panel>
  );
}
