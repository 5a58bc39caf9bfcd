import { useState } from "react";
import type { RateLimit } from "../../../api/operations";
import { useTexts } from "../../../i18n/language";
import { timeOfDay } from "../../../i18n/time";
import { Button } from "../../../ui/button";
import { Panel, TextField } from "../../../ui/panel";
import styles from "../console.module.css";
import { useHistory } from "../history";

/** What a merchant may still send in this window. */
export function RateLimits({ limits }: { limits: RateLimit[] }) {
  const texts = useTexts();
  const { merchantId, watch } = useHistory();
  const [text, setText] = useState(merchantId);
  return (
    <Panel title={texts.console.rateLimits}>
      <form
        className={styles.filters}
        onSubmit={(event) => {
          event.preventDefault();
          watch(text.trim());
        }}
      >
        <TextField label={texts.console.merchant} maxLength={32} value={text} onChange={(event) => { setText(event.target.value); }} />
        <Button type="submit">{texts.console.search}</Button>
      </form>
      {limits.length === 0 && <p className={styles.muted}>{texts.console.rateLimitsNone}</p>}
      {limits.map((limit) => (
        <div key={limit.operation} className={styles.meter}>
          <span className={styles.meterHead}>
            <strong id={`limit-${limit.operation}`}>{texts.console.operation[limit.operation]}</strong>
            <span className={styles.muted}>
              {texts.console.left(limit.remaining, limit.limit)} · {texts.console.resets(timeOfDay(limit.resetAt, texts.locale))}
            </span>
          </span>
          <meter aria-labelledby={`limit-${limit.operation}`} min={0} max={limit.limit} low={limit.limit * 0.1} optimum={limit.limit} value={limit.remaining} />
        </div>
      ))}
    </Panel>
  );
}
