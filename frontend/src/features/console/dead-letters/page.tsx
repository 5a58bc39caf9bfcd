import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { deadLetterQuery, deadLettersQuery, type DeadLetterSummary, type DeadLetterState } from "../../../api/operations";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Button } from "../../../ui/button";
import { Empty, Loading, Problem } from "../../../ui/notice";
import { usePaging } from "../../../ui/paging";
import { Badge, Choice, Pager, Panel, Table, type Tone } from "../../../ui/panel";
import styles from "../console.module.css";
import { DeadLetterPanel } from "./dead-letter";
import { useToken } from "../token";

export const TONES: Record<DeadLetterState, Tone> = { OPEN: "bad", REPLAYING: "warn", RESOLVED: "good", DISCARDED: "plain" };

/** The list of dead letters, and one of them with its payload. */
export default function DeadLettersPage() {
  const texts = useTexts();
  const { token } = useToken();
  const [state, setState] = useState<DeadLetterState | "">("");
  const [shown, setShown] = useState<number | null>(null);
  const paging = usePaging();
  const query = useQuery({ ...deadLettersQuery(token, state, paging.cursor), placeholderData: keepPreviousData });
  return (
    <div className={styles.two}>
      <Panel title={texts.console.tabs.letters}>
        <Choice label={texts.letters.state} value={state} onChange={(event) => { setState(event.target.value as DeadLetterState | ""); paging.restart(); }}>
          <option value="">{texts.console.any}</option>
          {(Object.keys(TONES) as DeadLetterState[]).map((one) => <option key={one} value={one}>{texts.letters.states[one]}</option>)}
        </Choice>
        {query.isPending && <Loading />}
        {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
        {query.data?.items.length === 0 && <Empty>{texts.letters.none}</Empty>}
        {query.data !== undefined && query.data.items.length > 0 && <List items={query.data.items} onShow={setShown} />}
        <Pager paging={paging} next={query.data?.nextCursor ?? null} />
      </Panel>
      {shown !== null && <OneLetter key={shown} id={shown} />}
    </div>
  );
}

/** In full: the list has no payloads. */
function OneLetter({ id }: { id: number }) {
  const { token } = useToken();
  const query = useQuery(deadLetterQuery(token, id));
  if (query.data !== undefined) return <DeadLetterPanel letter={query.data} />;
  return query.isError ? <Problem error={query.error} retry={() => { void query.refetch(); }} /> : <Loading />;
}

function List({ items, onShow }: { items: DeadLetterSummary[]; onShow: (id: number) => void }) {
  const texts = useTexts();
  const head = ["#", texts.letters.state, texts.letters.error, texts.letters.topic, texts.letters.received];
  return (
    <Table label={texts.console.tabs.letters} head={head.map((name) => <th key={name} scope="col">{name}</th>)}>
      {items.map((letter) => (
        <tr key={letter.id}>
          <td>
            <Button kind="quiet" small aria-label={texts.letters.show(letter.id)} onClick={() => { onShow(letter.id); }}>{letter.id}</Button>
          </td>
          <td><Badge tone={TONES[letter.state]}>{texts.letters.states[letter.state]}</Badge></td>
          <td>{letter.errorType}</td>
          <td>{letter.originalTopic}</td>
          <td>{dateAndTime(letter.timestamp, texts.locale)}</td>
        </tr>
      ))}
    </Table>
  );
}
