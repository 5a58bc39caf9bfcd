import type { FindingKind } from "../../../api/operations";
import { useTexts } from "../../../i18n/language";
import { Coded } from "../../../ui/coded";
import { Panel } from "../../../ui/panel";
import styles from "../console.module.css";
import own from "./audit.module.css";

export const KINDS: readonly FindingKind[] = ["ledger", "outbox", "answers", "orphan_posting", "stuck", "acquirer", "settlement", "reconciliation"];

/** Each kind of finding: what it means, and the next step. */
export function Meanings() {
  const { findings } = useTexts();
  return (
    <Panel title={findings.meanings}>
      <dl className={own.meanings}>
        {KINDS.map((kind) => (
          <div key={kind}>
            <dt>{findings.kinds[kind]}</dt>
            <dd>{findings.meaning[kind]}</dd>
            <dd><Coded text={findings.next[kind]} /></dd>
          </div>
        ))}
      </dl>
      <p className={styles.muted}>{findings.runbook}</p>
    </Panel>
  );
}
