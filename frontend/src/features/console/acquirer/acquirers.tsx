/** How each acquirer is: the breaker before it, and the operations whose outcome is not known. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { acquirersQuery, OPERATION_STATES, type Acquirer, type OperationState } from "../../../api/acquirer";
import { connectorName } from "../../../i18n/acquirer";
import { useTexts } from "../../../i18n/language";
import { timeOfDay } from "../../../i18n/time";
import { Empty, Loading, Notice, Problem } from "../../../ui/notice";
import { Badge, Panel } from "../../../ui/panel";
import { TONES as BREAKER_TONES } from "../breaker/breaker-card";
import styles from "../console.module.css";
import { ageOf } from "../frame/age";
import { OPERATIONS } from "../frame/ids";
import { useOperator } from "../operator";
import { StateBadge } from "./state-badge";

export function Acquirers() {
  const texts = useTexts();
  const { token } = useOperator();
  const query = useQuery(acquirersQuery(token));
  if (query.data === undefined) {
    return (
      <Panel title={texts.console.tabs.acquirer}>
        {query.isPending && <Loading />}
        {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      </Panel>
    );
  }
  if (query.data.items.length === 0) return <Panel title={texts.console.tabs.acquirer}><Empty>{texts.acquirer.noAcquirers}</Empty></Panel>;
  return query.data.items.map((one) => <OneAcquirer key={one.connector} acquirer={one} readAt={query.dataUpdatedAt} />);
}

/** `readAt`: when this was answered (ms since 1970), for ages. */
function OneAcquirer({ acquirer, readAt }: { acquirer: Acquirer; readAt: number }) {
  const texts = useTexts();
  const { counts, oldestUndecidedAt } = acquirer;
  const shown = OPERATION_STATES.filter((state) => (counts[state] ?? 0) > 0);
  return (
    <Panel title={texts.acquirer.title(connectorName(texts.acquirer, acquirer.connector))}>
      {!acquirer.configured && <Notice tone="warn">{texts.acquirer.notConfigured}</Notice>}
      {acquirer.breaker !== null && <Breaker breaker={acquirer.breaker} />}
      <h3>{texts.acquirer.counts}</h3>
      {shown.length === 0 ? <p className={styles.muted}>{texts.acquirer.allDecided}</p> : <Counts states={shown} counts={counts} />}
      {oldestUndecidedAt !== null && (
        <p className={styles.muted}>{texts.acquirer.oldest(ageOf(texts, Math.max(0, (readAt - Date.parse(oldestUndecidedAt)) / 1000)))}</p>
      )}
    </Panel>
  );
}

function Breaker({ breaker: { state, stateSince } }: { breaker: NonNullable<Acquirer["breaker"]> }) {
  const texts = useTexts();
  return (
    <div className={styles.state} aria-live="polite">
      <p className={styles.big} data-testid="acquirer-breaker" data-state={state}>{texts.breaker.states[state]}</p>
      <Badge tone={BREAKER_TONES[state]}>{state}</Badge>
      <span className={styles.muted}>{texts.breaker.since(timeOfDay(stateSince, texts.locale))}</span>
      <span className={styles.muted}>{texts.acquirer.breakerOf}. {texts.acquirer.meaning[state]}</span>
    </div>
  );
}

function Counts({ states, counts }: { states: readonly OperationState[]; counts: Acquirer["counts"] }) {
  return (
    <dl className={styles.counters}>
      {states.map((state) => (
        <div key={state}>
          <dt><StateBadge state={state} /></dt>
          <dd><Link to={`${OPERATIONS}?state=${state}`}>{counts[state]}</Link></dd>
        </div>
      ))}
    </dl>
  );
}
