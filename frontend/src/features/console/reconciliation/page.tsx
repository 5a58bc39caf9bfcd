/** Reconciliation: its state, and the exceptions or the acquirers' files. The address says which. */
import { useParams, useSearchParams } from "react-router";
import { useTexts } from "../../../i18n/language";
import { idOf } from "../../../ui/address";
import beside from "../beside.module.css";
import styles from "../console.module.css";
import { RECON_FILES, RECONCILIATION } from "../frame/ids";
import { Views } from "../frame/views";
import { OneException } from "./exception";
import { Exceptions } from "./exceptions";
import { Files } from "./files";
import { Summary } from "./summary";

export default function ReconciliationPage() {
  const { reconciliation } = useTexts();
  const shown = idOf(useParams().id);
  const [search] = useSearchParams();
  const isFiles = search.get("view") === "files" && shown === null;
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
      {isFiles ? <Files /> : (
        <div className={`${beside.beside} ${shown === null ? "" : beside.open}`}>
          <Exceptions shown={shown} />
          {shown !== null && <OneException key={shown} id={shown} />}
        </div>
      )}
    </div>
  );
}
