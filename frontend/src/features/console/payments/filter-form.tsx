/** The fields of the search: a few in sight, the others on request. */
import { useId, useState, type ReactNode } from "react";
import { STATUSES } from "../../../api/payments";
import { useTexts } from "../../../i18n/language";
import { Button } from "../../../ui/button";
import { Notice } from "../../../ui/notice";
import { Choice, TextField } from "../../../ui/panel";
import { draftOf, read, type All, type Draft, type Name } from "./filters";
import styles from "./search.module.css";

const MORE: readonly Name[] = ["amount", "amountFrom", "amountTo", "from", "to", "requestId", "traceId", "idempotencyKey"];
const CURRENCIES = ["KRW", "USD", "EUR", "JPY"]; // suggestions; any other can be typed
const LONGEST = 128;
const LONGEST_MERCHANT = 32;

interface Props {
  filters: All;
  onSearch: (filters: All) => void;
}

/** Starts from `filters`; the caller gives it a new key when they change elsewhere. */
export function FilterForm({ filters, onSearch }: Props) {
  const texts = useTexts();
  const [draft, setDraft] = useState(() => draftOf(filters));
  const [errors, setErrors] = useState<string[]>([]);
  const [open, setOpen] = useState(() => countOfMore(draft) > 0);
  const currencies = useId();
  const submit = <Button type="submit" kind="primary">{texts.console.search}</Button>;
  const text = (name: Name, maxLength = LONGEST) => (
    <TextField
      label={texts.search.fields[name]}
      maxLength={maxLength}
      autoComplete="off"
      spellCheck={false}
      value={draft[name]}
      onChange={(event) => { setDraft({ ...draft, [name]: event.target.value }); }}
    />
  );
  return (
    <form
      aria-label={texts.search.filters}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        const found = read(draft, filters, texts);
        setErrors(found.errors);
        if (found.errors.length === 0) onSearch(found.filters);
      }}
    >
      <div className={styles.fields}>
        {text("q")}
        {text("merchantId", LONGEST_MERCHANT)}
        <Choice label={texts.search.fields.status} value={draft.status} onChange={(event) => { setDraft({ ...draft, status: event.target.value }); }}>
          <option value="">{texts.console.any}</option>
          {STATUSES.map((one) => <option key={one} value={one}>{texts.status[one]}</option>)}
        </Choice>
        <TextField
          label={texts.search.fields.currency}
          placeholder="KRW"
          list={currencies}
          maxLength={3}
          autoComplete="off"
          value={draft.currency}
          onChange={(event) => { setDraft({ ...draft, currency: event.target.value.toUpperCase() }); }}
        />
        <datalist id={currencies}>{CURRENCIES.map((one) => <option key={one} value={one} />)}</datalist>
        {!open && <div className={styles.submit}>{submit}</div>}
      </div>
      <More draft={draft} open={open} onOpen={setOpen} onDraft={setDraft} text={text} />
      {errors.length > 0 && (
        <Notice tone="bad">
          <p>{texts.search.wrong}</p>
          <ul className={styles.errors}>{errors.map((error) => <li key={error}>{error}</li>)}</ul>
        </Notice>
      )}
      {open && <div>{submit}</div>}
    </form>
  );
}

function countOfMore(draft: Draft): number {
  return MORE.filter((name) => draft[name] !== "").length;
}

interface MoreProps {
  draft: Draft;
  open: boolean;
  onOpen: (open: boolean) => void;
  onDraft: (draft: Draft) => void;
  text: (name: Name) => ReactNode;
}

function More({ draft, open, onOpen, onDraft, text }: MoreProps) {
  const texts = useTexts();
  const count = countOfMore(draft);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <details className={styles.more} open={open} onToggle={(event) => { onOpen(event.currentTarget.open); }}>
      <summary>{count === 0 ? texts.search.more : texts.search.moreSet(count)}</summary>
      <div className={styles.fields}>
        {(["amount", "amountFrom", "amountTo"] as const).map((name) => (
          <TextField
            key={name}
            label={draft.currency === "" ? texts.search.fields[name] : `${texts.search.fields[name]} (${draft.currency})`}
            inputMode="decimal"
            autoComplete="off"
            maxLength={24}
            value={draft[name]}
            onChange={(event) => { onDraft({ ...draft, [name]: event.target.value }); }}
          />
        ))}
      </div>
      <div className={`${styles.fields} ${styles.wide}`}>
        {(["from", "to"] as const).map((name) => (
          <TextField
            key={name}
            label={texts.search.fields[name]}
            hint={texts.search.timeHint(zone)}
            type="datetime-local"
            step={1}
            value={draft[name]}
            onChange={(event) => { onDraft({ ...draft, [name]: event.target.value }); }}
          />
        ))}
        {text("requestId")}
        {text("traceId")}
        {text("idempotencyKey")}
      </div>
    </details>
  );
}
