import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { breakerQuery, moveBreaker, type Breaker, type BreakerState } from "../../../api/operations";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Button } from "../../../ui/button";
import { Confirm } from "../../../ui/confirm";
import { Empty, Notice, Problem } from "../../../ui/notice";
import { Badge, Panel, Table, TextField } from "../../../ui/panel";
import { BreakerCard, TONES } from "./breaker-card";
import styles from "../console.module.css";
import { useOperator } from "../operator";

/** The breaker: live state, transitions by hand, history. */
export default function BreakerPage() {
  const { token, may } = useOperator();
  const query = useQuery(breakerQuery(token));
  return (
    <div className={styles.two}>
      <div className={styles.stack}>
        <BreakerCard />
        {query.data !== undefined && <History breaker={query.data} />}
      </div>
      {query.data !== undefined && may("operate") && <Move from={query.data.state} />}
    </div>
  );
}

function Move({ from }: { from: BreakerState }) {
  const texts = useTexts();
  const { token } = useOperator();
  const client = useQueryClient();
  const [to, setTo] = useState<BreakerState | null>(null);
  const [reason, setReason] = useState("");
  const mutation = useMutation({
    mutationFn: (target: BreakerState) => moveBreaker(token, target, reason.trim()),
    onSettled: async () => {
      setTo(null);
      await client.invalidateQueries({ queryKey: ["breaker"] });
    },
  });
  return (
    <Panel title={texts.breaker.move}>
      <div className={styles.buttons}>
        {(Object.keys(TONES) as BreakerState[]).filter((state) => state !== from).map((state) => (
          <Button key={state} onClick={() => { setTo(state); }}>{texts.breaker.states[state]}</Button>
        ))}
      </div>
      {mutation.isError && <Problem error={mutation.error} />}
      {mutation.isSuccess && (
        <Notice tone={mutation.data.status === 202 ? "warn" : "good"}>
          {mutation.data.status === 202 ? texts.breaker.pending : texts.breaker.moved(texts.breaker.states[mutation.variables])}
        </Notice>
      )}
      {to !== null && (
        <Confirm
          title={texts.breaker.move}
          question={texts.breaker.ask(texts.breaker.states[from], texts.breaker.states[to])}
          action={`${texts.breaker.moveTo}: ${texts.breaker.states[to]}`}
          danger={to !== "CLOSED"}
          busy={mutation.isPending}
          onConfirm={() => { mutation.mutate(to); }}
          onClose={() => { setTo(null); }}
        >
          <p className={styles.muted}>{texts.breaker.meaning[to]}</p>
          <TextField label={texts.breaker.reason} maxLength={200} value={reason} onChange={(event) => { setReason(event.target.value); }} />
        </Confirm>
      )}
    </Panel>
  );
}

function History({ breaker }: { breaker: Breaker }) {
  const texts = useTexts();
  const head = [texts.breaker.at, texts.breaker.from, texts.breaker.to, texts.breaker.why, texts.breaker.who];
  return (
    <Panel title={texts.breaker.history}>
      {breaker.history.length === 0 ? (
        <Empty>{texts.breaker.noHistory}</Empty>
      ) : (
        <Table label={texts.breaker.history} head={head.map((name) => <th key={name} scope="col">{name}</th>)}>
          {breaker.history.map((move) => (
            <tr key={`${move.at} ${move.to}`}>
              <td>{dateAndTime(move.at, texts.locale)}</td>
              <td>{texts.breaker.states[move.from]}</td>
              <td><Badge tone={TONES[move.to]}>{texts.breaker.states[move.to]}</Badge></td>
              <td className={styles.words}>{move.reason}</td>
              <td>{move.actor}</td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}
