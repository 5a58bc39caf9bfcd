/** Reconciliation: its state, and the exceptions or the acquirers' files. The address says which. */
import { useSearchParams } from "react-router";
import { useTexts } from "../../../i18n/language";
import styles from "../console.module.css";
import { RECON_FILES, RECONCILIATION } from "../frame/ids";
import { Views } from "../frame/views";
import { Exceptions } from "./exceptions";
import { Files } from "./files";
import { Summary } from "./summary";

export default function ReconciliationPage() {
  const { reconciliation } = useTexts();
  const [search] = useSearchParams();
  const isFiles = search.get("view") === "files";
  return (
    <div className={styles.stack}>
      <Summary />
      <Views
        label={reconciliation.views}
        views={[
          { to: RECONCILIATION, name: reconciliation.exceptions, current: isFiles ? undefined : "page" },
          { to: RECON_FILES, name: reconciliation.files, current: isFiles ? "page" : undefined },
        ]}
      />
      {isFiles ? <Files /> : <Exceptions />}
    </div>
  );
}
