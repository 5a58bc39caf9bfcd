/** Settlement: batches, the payout files that pay them, and adjustments. The address says which. */
import { useSearchParams } from "react-router";
import { useTexts } from "../../../i18n/language";
import { oneOf } from "../../../ui/address";
import styles from "../console.module.css";
import { ADJUSTMENTS, PAYOUT_FILES, SETTLEMENTS } from "../frame/ids";
import { Views } from "../frame/views";
import { Adjustments } from "./adjustments";
import { Batches } from "./batches";
import { PayoutFiles } from "./payout-files";

const OTHERS = ["files", "adjustments"] as const;

export default function SettlementsPage() {
  const { settlements } = useTexts();
  const [search] = useSearchParams();
  const view = oneOf(search.get("view") ?? "", OTHERS);
  const current = (name: typeof view) => (name === view ? "page" : undefined);
  return (
    <div className={styles.stack}>
      <Views
        label={settlements.views}
        views={[
          { to: SETTLEMENTS, name: settlements.batches, current: current("") },
          { to: PAYOUT_FILES, name: settlements.files, current: current("files") },
          { to: ADJUSTMENTS, name: settlements.adjustments, current: current("adjustments") },
        ]}
      />
      {view === "" && <Batches />}
      {view === "files" && <PayoutFiles />}
      {view === "adjustments" && <Adjustments />}
    </div>
  );
}
