/** A notice when the numbers are old, as there are no answers. */
import { ApiProblem } from "../../../api/client";
import type { Texts } from "../../../i18n/en";
import { problemText, useTexts } from "../../../i18n/language";
import { timeOfDay } from "../../../i18n/time";
import { Notice, Problem } from "../../../ui/notice";
import { useHistory } from "../history";

export function Connection() {
  const texts = useTexts();
  const { now } = useHistory();
  if (!now.isError) return null;
  if (now.data === undefined) return <Problem error={now.error} retry={() => { void now.refetch(); }} />;
  const code = now.error instanceof ApiProblem ? now.error.code : "UNREADABLE";
  const since = timeOfDay(new Date(now.dataUpdatedAt).toISOString(), texts.locale);
  return (
    <Notice tone="warn">
      <p>{texts.frame.staleSince(since, why(texts, code))}</p>
    </Notice>
  );
}

/** The text of NETWORK is for requests that an operator repeats; here they repeat by themselves. */
function why(texts: Texts, code: string): string {
  return code === "NETWORK" ? texts.frame.unreachable : problemText(texts, code);
}
