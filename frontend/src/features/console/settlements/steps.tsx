/** What can be done next with a batch, and what it waits for. */
import { useState } from "react";
import { Link } from "react-router";
import type { Batch, Step } from "../../../api/settlements";
import { useTexts } from "../../../i18n/language";
import { Button } from "../../../ui/button";
import { Notice } from "../../../ui/notice";
import styles from "../console.module.css";
import { PAYOUT_FILES } from "../frame/ids";
import { useOperator } from "../operator";
import { stepsOf } from "./rules";
import own from "./settlements.module.css";
import { StepDialog } from "./step-dialog";

export function Steps({ batch }: { batch: Batch }) {
  const { settlements } = useTexts();
  const { may } = useOperator();
  const [asked, setAsked] = useState<Step | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const { state, approvedBy, held } = batch;
  const steps = may("operate") ? stepsOf(state) : [];
  return (
    <div className={`${own.side} ${own.screen}`}>
      {state === "CLOSED" && approvedBy.length > 0 && <Notice tone="warn">{settlements.secondNeeded(approvedBy.join(", "))}</Notice>}
      {held && <Notice tone="warn">{settlements.heldWhy}</Notice>}
      {state === "APPROVED" && !held && <Notice tone="plain"><p>{settlements.toExport} <Link to={PAYOUT_FILES}>{settlements.toPayoutFiles}</Link></p></Notice>}
      {state === "RETURNED" && <Notice tone="warn">{settlements.returnedWhy}</Notice>}
      {steps.length > 0 && (
        <div className={styles.buttons}>
          {steps.map((step) => (
            <Button key={step} kind={step === "return" ? "danger" : "primary"} aria-haspopup="dialog" onClick={() => { setSaid(null); setAsked(step); }}>
              {settlements.steps[step].open}
            </Button>
          ))}
        </div>
      )}
      {said !== null && <Notice tone="good">{said}</Notice>}
      {asked !== null && (
        <StepDialog
          batch={batch}
          step={asked}
          onDone={(now) => { setSaid(settlements.doneAs(now.batchId, settlements.states[now.state])); }}
          onClose={() => { setAsked(null); }}
        />
      )}
    </div>
  );
}
