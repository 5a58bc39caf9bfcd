import { Link } from "react-router";
import type { ApiKey } from "../../../api/keys";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Button } from "../../../ui/button";
import { FactList, type Fact } from "../../../ui/fact-list";
import { Badge, type Tone } from "../../../ui/panel";
import styles from "../console.module.css";
import { CopyButton } from "../frame/copy";
import { foundPath, merchantPath } from "../frame/ids";
import { useOperator } from "../operator";
import own from "./keys.module.css";
import { SCOPES } from "./rules";

const TONES: Record<ApiKey["state"], Tone> = { ACTIVE: "good", EXPIRED: "plain", REVOKED: "bad" };

export type KeyAction = "rotate" | "revoke";

interface Props {
  apiKey: ApiKey;
  /** Whether to say whose key it is. */
  withOwner: boolean;
  onAction: (action: KeyAction) => void;
}

/** One key of a list, with what can be done with it. */
export function KeyItem({ apiKey, withOwner, onAction }: Props) {
  const { keys } = useTexts();
  const { may, caller } = useOperator();
  const { keyId, name, state, successorId } = apiKey;
  const isActive = state === "ACTIVE";
  return (
    <li className={own.key}>
      <div className={own.head}>
        <strong className={own.name}>{name}</strong>
        <Badge tone={TONES[state]}>{keys.keyStates[state]}</Badge>
        {successorId !== null && <Link to={foundPath(successorId)}>{keys.replacedBy(successorId)}</Link>}
        {caller.keyId === keyId && <span className={styles.muted}>{keys.own}</span>}
        {may("administer") && isActive && (
          <span className={own.actions}>
            {successorId === null && <Button small aria-haspopup="dialog" aria-label={`${keys.rotate} ${name} ${keyId}`} onClick={() => { onAction("rotate"); }}>{keys.rotate}</Button>}
            <Button small kind="danger" aria-haspopup="dialog" aria-label={`${keys.revoke} ${name} ${keyId}`} onClick={() => { onAction("revoke"); }}>{keys.revoke}</Button>
          </span>
        )}
      </div>
      <Facts apiKey={apiKey} withOwner={withOwner} />
    </li>
  );
}

function Facts({ apiKey, withOwner }: { apiKey: ApiKey; withOwner: boolean }) {
  const { keys, locale } = useTexts();
  const time = (at: string | null, none: string) => (at === null ? none : dateAndTime(at, locale));
  const facts: Fact[] = [
    [keys.id, <span key="id" className={own.id}><code>{apiKey.keyId}</code><CopyButton name={`${keys.id} ${apiKey.keyId}`} text={apiKey.keyId} /></span>],
    [keys.last4, <code key="last4">…{apiKey.last4}</code>],
    ...(withOwner ? [[keys.of, apiKey.merchantId === null ? keys.ofOperators : <Link key="of" to={merchantPath(apiKey.merchantId)}>{apiKey.merchantId}</Link>] satisfies Fact] : []),
    [keys.calls, keys.count(apiKey.callsLast30Days)],
    [keys.lastUsed, time(apiKey.lastUsedAt, keys.never)],
    [keys.created, time(apiKey.createdAt, "")],
    [keys.ends, time(apiKey.revokedAt ?? apiKey.expiresAt, keys.noEnd)],
    [keys.from, apiKey.allowedNetworks.length === 0 ? keys.anywhere : apiKey.allowedNetworks.join(", ")],
    [keys.scopes, SCOPES[apiKey.kind].filter((scope) => apiKey.scopes.includes(scope)).join(", ")],
  ];
  return <FactList facts={facts} className={own.facts} />;
}
