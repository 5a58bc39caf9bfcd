/** Adjustments: what a merchant gets or owes besides its payments. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ANSWERS, adjustmentsQuery, type Adjustment, type Answer } from "../../../api/settlements";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { Amount } from "../../../payment/amount";
import { useListAddress } from "../../../ui/address";
import { Button } from "../../../ui/button";
import { Empty, Loading, Notice, Problem } from "../../../ui/notice";
import { Badge, numberCell, Pager, Panel, Table, type Tone } from "../../../ui/panel";
import beside from "../beside.module.css";
import styles from "../console.module.css";
import { BatchesLink } from "../frame/ids";
import { useOperator } from "../operator";
import { AnswerDialog, NewAdjustmentDialog } from "./adjustment-dialogs";
import { stateOf, type AdjustmentState } from "./rules";

const NO_FILTERS = [] as const;
const TONES: Record<AdjustmentState, Tone> = { waiting: "warn", posted: "good", withdrawn: "plain" };

type Asked = "new" | { adjustment: Adjustment; answer: Answer };

export function Adjustments() {
  const { settlements, payouts } = useTexts();
  const { token, may } = useOperator();
  const { paging } = useListAddress(NO_FILTERS);
  const query = useQuery(adjustmentsQuery(token, paging.cursor));
  const [asked, setAsked] = useState<Asked | null>(null);
  const [done, setDone] = useState<Adjustment | null>(null);
  const open = (what: Asked) => {
    setDone(null);
    setAsked(what);
  };
  const close = () => { setAsked(null); };
  return (
    <Panel title={settlements.adjustments} aside={may("operate") && <Button kind="primary" small aria-haspopup="dialog" onClick={() => { open("new"); }}>{payouts.newAdjustment}</Button>}>
      <p className={styles.muted}>{payouts.adjustmentsAbout}</p>
      {done !== null && (
        <Notice tone={stateOf(done) === "waiting" ? "warn" : "good"}>{payouts.doneAs[stateOf(done)](done.adjustmentId)}</Notice>
      )}
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      <div className={beside.results} aria-busy={query.isPlaceholderData}>
        {query.isPending && <Loading />}
        {query.data?.items.length === 0 && <Empty>{payouts.noAdjustments}</Empty>}
        {query.data !== undefined && query.data.items.length > 0 && <List items={query.data.items} onAnswer={may("operate") ? open : null} />}
      </div>
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
      {asked === "new" && <NewAdjustmentDialog onDone={setDone} onClose={close} />}
      {asked !== null && asked !== "new" && <AnswerDialog {...asked} onDone={setDone} onClose={close} />}
    </Panel>
  );
}

/** `onAnswer` null: the key may not. */
function List({ items, onAnswer }: { items: readonly Adjustment[]; onAnswer: ((asked: Asked) => void) | null }) {
  const { settlements, payouts, locale } = useTexts();
  const head = ["#", settlements.state, settlements.merchant, settlements.amount, payouts.reason, payouts.proposedBy, payouts.agreedBy, payouts.created];
  return (
    <Table label={settlements.adjustments} head={head.map((name) => <th key={name} scope="col" className={name === settlements.amount ? numberCell : undefined}>{name}</th>)}>
      {items.map((one) => (
        <tr key={one.adjustmentId}>
          <td>{one.adjustmentId}</td>
          <td><Badge tone={TONES[stateOf(one)]}>{payouts.adjustmentStates[stateOf(one)]}</Badge></td>
          <td><BatchesLink merchantId={one.merchantId} currency={one.currency}>{one.merchantId}</BatchesLink></td>
          <td className={numberCell}><Amount minor={one.amount} currency={one.currency} /></td>
          <td className={styles.words}>{one.reason}</td>
          <td>{one.proposedBy}</td>
          <td>
            {stateOf(one) === "waiting" && onAnswer !== null
              ? <Answers adjustment={one} onAnswer={onAnswer} />
              : (one.withdrawnBy === null ? (one.agreedBy ?? "–") : payouts.withdrawnBy(one.withdrawnBy))}
          </td>
          <td>{dateAndTime(one.createdAt, locale)}</td>
        </tr>
      ))}
    </Table>
  );
}

function Answers({ adjustment, onAnswer }: { adjustment: Adjustment; onAnswer: (asked: Asked) => void }) {
  const { answers } = useTexts().payouts;
  return (
    <div className={styles.buttons}>
      {ANSWERS.map((answer) => (
        <Button key={answer} small aria-haspopup="dialog" aria-label={answers[answer].of(adjustment.adjustmentId)} onClick={() => { onAnswer({ adjustment, answer }); }}>
          {answers[answer].open}
        </Button>
      ))}
    </div>
  );
}
