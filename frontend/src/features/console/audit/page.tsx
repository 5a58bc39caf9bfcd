import styles from "../console.module.css";
import { Findings } from "./findings";
import { Meanings } from "./meanings";
import { Runs } from "./runs";

/** What audits found, what that means, and when they ran. */
export default function AuditPage() {
  return (
    <div className={styles.stack}>
      <Runs />
      <Findings />
      <Meanings />
    </div>
  );
}
