import { useQuery } from "@tanstack/react-query";
import { actionsQuery, type OperatorAction } from "../../../api/desk";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { useListAddress } from "../../../ui/address";
import { Empty, Loading, Problem } from "../../../ui/notice";
import { Pager, Panel, Table } from "../../../ui/panel";
import styles from "../console.module.css";
import { TargetLink } from "../frame/ids";
import { useOperator } from "../operator";

const NO_FILTERS = [] as const;

/** Who did what, to what, and why; nothing is ever deleted here. */
export default function ActionsPage() {
  const texts = useTexts();
  const { token } = useOperator();
  const { paging } = useListAddress(NO_FILTERS);
  const query = useQuery(actionsQuery(token, paging.cursor));
  return (
    <Panel title={texts.actions.title}>
      <p className={styles.muted}>{texts.actions.about}</p>
      {query.isPending && <Loading />}
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      {query.data?.items.length === 0 && <Empty>{texts.actions.none}</Empty>}
      {query.data !== undefined && query.data.items.length > 0 && <List items={query.data.items} />}
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
    </Panel>
  );
}

function List({ items }: { items: OperatorAction[] }) {
  const texts = useTexts();
  const head = [texts.actions.at, texts.actions.actor, texts.actions.action, texts.actions.target, texts.actions.detail];
  return (
    <Table label={texts.actions.title} head={head.map((name) => <th key={name} scope="col">{name}</th>)}>
      {items.map((action) => (
        <tr key={action.id}>
          <td>{dateAndTime(action.at, texts.locale)}</td>
          <td>{action.actor}</td>
          <td>{action.action}</td>
          <td><TargetLink target={action.target} /></td>
          <td className={styles.words}>{action.detail}</td>
        </tr>
      ))}
    </Table>
  );
}
