import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { discardDeadLetter, replayDeadLetter, type DeadLetter } from "../../../api/operations";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Button } from "../../../ui/button";
import { Confirm } from "../../../ui/confirm";
import { FactList } from "../../../ui/fact-list";
import { Notice, Problem } from "../../../ui/notice";
import { Panel, TextField } from "../../../ui/panel";
import styles from "../console.module.css";
import { PaymentLink } from "../frame/ids";
import { useOperator } from "../operator";
import { paymentIdOf } from "./payload";

type Action = "replay" | "discard";

/** One dead letter, and what an operator may do with it while it is open. */
export function DeadLetterPanel({ letter, aside }: { letter: DeadLetter; aside: ReactNode }) {
  const texts = useTexts();
  const [action, setAction] = useState<Action | null>(null);
  const [reason, setReason] = useState("");
  const { token, may } = useOperator();
  const client = useQueryClient();
  const mutation = useMutation({
    mutationFn: (chosen: Action) => (chosen === "replay" ? replayDeadLetter(token, letter.id) : discardDeadLetter(token, letter.id, reason.trim())),
    onSettled: async () => {
      setAction(null);
      await client.invalidateQueries({ queryKey: ["dead-letters"] });
    },
  });
  return (
    <Panel title={texts.letters.letter(letter.id)} aside={aside}>
      <Facts letter={letter} />
      <h3>{texts.letters.payload}</h3>
      {letter.payloadEncoding !== undefined && <p className={styles.muted}>{letter.payloadEncoding}</p>}
      <pre className={styles.payload}>{letter.payload}</pre>
      {letter.state === "OPEN" && may("operate") && (
        <div className={styles.buttons}>
          <Button kind="primary" onClick={() => { setAction("replay"); }}>{texts.letters.replay}</Button>
          <Button kind="danger" onClick={() => { setAction("discard"); }}>{texts.letters.discard}</Button>
        </div>
      )}
      {mutation.isError && <Problem error={mutation.error} />}
      {mutation.isSuccess && letter.state !== "OPEN" && <Notice tone="good">{mutation.variables === "replay" ? texts.letters.replaying : texts.letters.discarded}</Notice>}
      {action !== null && (
        <Confirm
          title={`${texts.letters[action]}: ${texts.letters.letter(letter.id)}`}
          question={action === "replay" ? texts.letters.askReplay : texts.letters.askDiscard}
          action={texts.letters[action]}
          danger={action === "discard"}
          busy={mutation.isPending}
          onConfirm={() => { mutation.mutate(action); }}
          onClose={() => { setAction(null); }}
        >
          {action === "discard" && (
            <TextField label={texts.letters.reason} hint={texts.letters.reasonNeeded} required maxLength={200} pattern=".*\S.*" value={reason} onChange={(event) => { setReason(event.target.value); }} />
          )}
        </Confirm>
      )}
    </Panel>
  );
}

function Facts({ letter }: { letter: DeadLetter }) {
  const texts = useTexts();
  const paymentId = paymentIdOf(letter.payload);
  const facts = [
    [texts.letters.state, texts.letters.states[letter.state]],
    ...(paymentId === null ? [] : [[texts.console.paymentId, <PaymentLink key="payment" id={paymentId} />] as const]),
    [texts.letters.error, `${letter.errorType}: ${letter.errorMessage}`],
    [texts.letters.topic, letter.originalTopic],
    [texts.letters.place, `${letter.partition} · ${letter.offset}`],
    [texts.letters.received, dateAndTime(letter.timestamp, texts.locale)],
    [texts.letters.attempts, String(letter.attempts)],
    ...(letter.discardReason === undefined ? [] : [[texts.letters.discardReason, letter.discardReason] as const]),
  ] as const;
  return <FactList facts={facts} className={styles.facts} />;
}
