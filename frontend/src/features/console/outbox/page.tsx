import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { discardParked, parkedQuery, releaseParked, type ParkedEvent } from "../../../api/operations";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { useListAddress } from "../../../ui/address";
import { Button } from "../../../ui/button";
import { Confirm } from "../../../ui/confirm";
import { Empty, Loading, Notice, Problem } from "../../../ui/notice";
import { Pager, Panel, Table, TextField } from "../../../ui/panel";
import styles from "../console.module.css";
import { DeadLetterLink, PaymentLink } from "../frame/ids";
import { useOperator } from "../operator";

const NO_FILTERS = [] as const;

type Action = "release" | "discard";
interface Chosen {
  event: ParkedEvent;
  action: Action;
}

/** Events that Kafka refused, with release and discard. */
export default function OutboxPage() {
  const texts = useTexts();
  const { token } = useOperator();
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [reason, setReason] = useState("");
  const { paging } = useListAddress(NO_FILTERS);
  const client = useQueryClient();
  const query = useQuery({ ...parkedQuery(token, paging.cursor), placeholderData: keepPreviousData });
  const mutation = useMutation({
    mutationFn: ({ event, action }: Chosen) =>
      action === "release" ? releaseParked(token, event.eventId) : discardParked(token, event.eventId, reason.trim()),
    onSettled: async () => {
      setChosen(null);
      setReason("");
      await client.invalidateQueries({ queryKey: ["parked"] });
    },
  });
  return (
    <Panel title={texts.parked.title}>
      <p className={styles.muted}>{texts.parked.about}</p>
      {query.isPending && <Loading />}
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      {query.data?.items.length === 0 && <Empty>{texts.parked.none}</Empty>}
      {query.data !== undefined && query.data.items.length > 0 && <List items={query.data.items} onChoose={setChosen} />}
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
      {mutation.isError && <Problem error={mutation.error} />}
      {mutation.isSuccess && <Notice tone="good">{texts.parked.done[mutation.variables.action](mutation.variables.event.eventId)}</Notice>}
      {chosen !== null && (
        <Confirm
          title={`${texts.parked[chosen.action]}: ${texts.parked.event(chosen.event.eventId)}`}
          question={texts.parked.ask[chosen.action]}
          action={texts.parked[chosen.action]}
          danger={chosen.action === "discard"}
          busy={mutation.isPending}
          onConfirm={() => { mutation.mutate(chosen); }}
          onClose={() => { setChosen(null); }}
        >
          {chosen.action === "discard" && (
            <TextField label={texts.letters.reason} hint={texts.parked.reasonNeeded} required maxLength={200} pattern=".*\S.*" value={reason} onChange={(event) => { setReason(event.target.value); }} />
          )}
        </Confirm>
      )}
    </Panel>
  );
}

/** What the event is about; only a payment has a page by this id. */
function Subject({ event: { aggregateType, aggregateId } }: { event: ParkedEvent }) {
  const texts = useTexts();
  const name = `${texts.parked.aggregate[aggregateType]} ${aggregateId}`;
  if (aggregateType === "payment") return <PaymentLink id={aggregateId}>{name}</PaymentLink>;
  return <DeadLetterLink id={aggregateId}>{name}</DeadLetterLink>;
}

function List({ items, onChoose }: { items: ParkedEvent[]; onChoose: (chosen: Chosen) => void }) {
  const texts = useTexts();
  const { may } = useOperator();
  const head = ["#", texts.letters.topic, texts.parked.of, texts.letters.error, texts.letters.attempts, texts.parked.behind, texts.parked.since, ...(may("operate") ? [""] : [])];
  return (
    <Table label={texts.parked.title} head={head.map((name) => <th key={name} scope="col">{name}</th>)}>
      {items.map((event) => (
        <tr key={event.eventId}>
          <td>{event.eventId}</td>
          <td>{event.topic}</td>
          <td><Subject event={event} /></td>
          <td>{event.error}</td>
          <td>{event.attempts}</td>
          <td>{event.waitingBehind}</td>
          <td>{dateAndTime(event.parkedAt, texts.locale)}</td>
          {may("operate") && <td>
            <span className={styles.buttons}>
              <Button small aria-label={`${texts.parked.release}: ${texts.parked.event(event.eventId)}`} onClick={() => { onChoose({ event, action: "release" }); }}>{texts.parked.release}</Button>
              {event.aggregateType !== "payment" && (
                <Button small kind="danger" aria-label={`${texts.parked.discard}: ${texts.parked.event(event.eventId)}`} onClick={() => { onChoose({ event, action: "discard" }); }}>{texts.parked.discard}</Button>
              )}
            </span>
          </td>}
        </tr>
      ))}
    </Table>
  );
}
