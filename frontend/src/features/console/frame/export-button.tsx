/** "Export CSV" of a list: progress while it is read, and why when it fails. */
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { download, save, type Progress } from "../../../api/download";
import { useTexts } from "../../../i18n/language";
import { Button } from "../../../ui/button";
import { Problem } from "../../../ui/notice";
import { useOperator } from "../operator";
import styles from "./export-button.module.css";

const MOST_ROWS = 100_000;
const NOTHING: Progress = { bytes: 0, rows: 0 };

interface Props {
  /** The list's CSV address with its filters, as `address("/audit/findings.csv", {}, filters)` makes it. */
  url: string;
  /** Words on the button for a file that is no list: it has no limit of rows. */
  label?: string;
}

export function ExportButton({ url, label }: Props) {
  const texts = useTexts();
  const { token } = useOperator();
  const [progress, setProgress] = useState(NOTHING);
  const running = useRef<AbortController | null>(null);
  const mutation = useMutation({
    mutationFn: async (from: string) => {
      running.current = new AbortController();
      const file = await download(from, token, running.current.signal, setProgress);
      save(file);
      return file;
    },
  });
  useEffect(() => () => { running.current?.abort(); }, []);
  const start = () => {
    setProgress(NOTHING);
    mutation.mutate(url);
  };
  const stop = () => {
    running.current?.abort();
    mutation.reset();
  };
  const stopped = mutation.error instanceof DOMException; // by the operator, who knows
  return (
    <div className={styles.export}>
      <div className={styles.row}>
        <span className={styles.said} role="status">
          {mutation.isPending && texts.download.progress(progress.rows, progress.bytes)}
          {mutation.isSuccess && (label === undefined ? texts.download.saved(mutation.data.name, mutation.data.rows) : texts.download.savedFile(mutation.data.name))}
          {mutation.isSuccess && label === undefined && mutation.data.rows >= MOST_ROWS && ` ${texts.download.cut(MOST_ROWS)}`}
        </span>
        {mutation.isPending
          ? <Button small onClick={stop}>{texts.state.cancel}</Button>
          : <Button small onClick={start}>{label ?? texts.download.title}</Button>}
      </div>
      {mutation.isError && !stopped && <Problem error={mutation.error} retry={start} />}
    </div>
  );
}
