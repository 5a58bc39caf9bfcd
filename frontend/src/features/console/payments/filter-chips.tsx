import { useTexts } from "../../../i18n/language";
import { Button } from "../../../ui/button";
import { setNames, shownValue, type All, type Name } from "./filters";
import styles from "./search.module.css";

interface Props {
  filters: All;
  onRemove: (names: readonly Name[]) => void;
}

/** The filters that are set; each can be removed, and all at once. */
export function FilterChips({ filters, onRemove }: Props) {
  const texts = useTexts();
  const names = setNames(filters);
  if (names.length === 0) return null;
  return (
    <ul className={styles.chips} aria-label={texts.search.set}>
      {names.map((name) => {
        const filter = `${texts.search.fields[name]}: ${shownValue(name, filters, texts)}`;
        return (
          <li key={name}>
            <button type="button" className={styles.chip} aria-label={texts.search.remove(filter)} onClick={() => { onRemove([name]); }}>
              {filter}
              <span className={styles.cross} aria-hidden="true" />
            </button>
          </li>
        );
      })}
      <li><Button kind="quiet" small onClick={() => { onRemove(names); }}>{texts.search.removeAll}</Button></li>
    </ul>
  );
}
