import type { RecentChange } from "../../../api/desk";
import { useTexts } from "../../../i18n/language";
import { timeOfDay } from "../../../i18n/time";
import { Loading } from "../../../ui/notice";
import { Badge, Panel, type Tone } from "../../../ui/panel";
import styles from "./overview.module.css";

const TONES: Record<RecentChange["kind"], Tone> = { BREAKER: "warn", OPERATOR: "plain", DEPLOY: "good" };

/** What people and the breaker did in the last hour, newest first: the first thing to compare a chart with. */
export function Changes({ changes }: { changes: readonly RecentChange[] | undefined }) {
  const texts = useTexts();
  return (
    <Panel title={texts.overview.changes}>
      {changes === undefined && <Loading />}
      {changes?.length === 0 && <p className={styles.actor}>{texts.overview.noChanges}</p>}
      {changes !== undefined && changes.length > 0 && (
        <ol className={styles.changes}>
          {changes.map((change, index) => (
            <li key={`${change.at} ${index}`}>
              <time dateTime={change.at}>{timeOfDay(change.at, texts.locale)}</time>
              <span><Badge tone={TONES[change.kind]}>{texts.overview.kinds[change.kind]}</Badge></span>
              <span className={styles.said}>{change.text} <span className={styles.actor}>{texts.overview.by(change.actor)}</span></span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
