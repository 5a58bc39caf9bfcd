/** The acquirers' files, newest first; one of them with its totals, or with why it was refused. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { fileQuery, filesQuery, type ReconFile } from "../../../api/reconciliation";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { idOf, useListAddress } from "../../../ui/address";
import { Button, buttonClass } from "../../../ui/button";
import { Empty, Loading, Notice, Problem } from "../../../ui/notice";
import { numberCell, Pager, Panel, Table } from "../../../ui/panel";
import beside from "../beside.module.css";
import styles from "../console.module.css";
import { fileOf, RECON_FILES } from "../frame/ids";
import { useOperator } from "../operator";
import { FileBadge } from "./badges";
import { FilePanel } from "./file-panel";
import { UploadDialog } from "./upload-dialog";

const NO_FILTERS = [] as const;

export function Files() {
  const [search] = useSearchParams();
  const shown = idOf(search.get("file") ?? undefined);
  return (
    <div className={styles.stack}>
      {shown !== null && <OneFile key={shown} id={shown} />}
      <AllFiles shown={shown} />
    </div>
  );
}

function AllFiles({ shown }: { shown: number | null }) {
  const { reconciliation, reconFiles } = useTexts();
  const { token, may } = useOperator();
  const { paging } = useListAddress(NO_FILTERS);
  const query = useQuery(filesQuery(token, paging.cursor));
  const [asked, setAsked] = useState(false);
  const [uploaded, setUploaded] = useState<string | null>(null);
  const open = () => {
    setUploaded(null);
    setAsked(true);
  };
  return (
    <Panel title={reconciliation.files} aside={may("operate") && <Button kind="primary" small aria-haspopup="dialog" onClick={open}>{reconFiles.upload}</Button>}>
      <p className={styles.muted}>{reconFiles.filesAbout}</p>
      {uploaded !== null && <Notice tone="good">{reconFiles.uploaded(uploaded)}</Notice>}
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      <div className={beside.results} aria-busy={query.isPlaceholderData}>
        {query.isPending && <Loading />}
        {query.data?.items.length === 0 && <Empty>{reconFiles.noFiles}</Empty>}
        {query.data !== undefined && query.data.items.length > 0 && <List items={query.data.items} shown={shown} />}
      </div>
      <Pager paging={paging} next={query.data?.nextCursor ?? null} />
      {asked && <UploadDialog onDone={setUploaded} onClose={() => { setAsked(false); }} />}
    </Panel>
  );
}

function List({ items, shown }: { items: readonly ReconFile[]; shown: number | null }) {
  const { reconciliation, reconFiles, locale } = useTexts();
  const numbers = [reconFiles.lines, reconFiles.matched, reconFiles.exceptionCount];
  return (
    <Table
      label={reconciliation.files}
      head={
        <>
          {["#", reconciliation.state, reconFiles.name, reconFiles.day].map((name) => <th key={name} scope="col">{name}</th>)}
          {numbers.map((name) => <th key={name} scope="col" className={numberCell}>{name}</th>)}
          <th scope="col">{reconFiles.created}</th>
        </>
      }
    >
      {items.map((file) => (
        <tr key={file.fileId} className={file.fileId === shown ? beside.shown : undefined}>
          <td><Link to={fileOf(file.fileId)} aria-label={reconFiles.showFile(file.fileId)} aria-current={file.fileId === shown ? "true" : undefined}>{file.fileId}</Link></td>
          <td><FileBadge state={file.state} /></td>
          <td>{file.name}</td>
          <td>{file.day ?? "–"}</td>
          {[file.lines, file.matched, file.exceptions].map((count, index) => <td key={numbers[index]} className={numberCell}>{count}</td>)}
          <td>{dateAndTime(file.createdAt, locale)}</td>
        </tr>
      ))}
    </Table>
  );
}

function OneFile({ id }: { id: number }) {
  const { acquirer, reconFiles } = useTexts();
  const { token } = useOperator();
  const query = useQuery(fileQuery(token, id));
  const close = <Link className={buttonClass("quiet", true)} to={RECON_FILES}>{acquirer.toList}</Link>;
  if (query.data !== undefined) return <FilePanel file={query.data} aside={close} />;
  return (
    <Panel title={reconFiles.fileTitle(id)} aside={close}>
      {query.isPending && <Loading />}
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
    </Panel>
  );
}
