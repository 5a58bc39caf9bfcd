/** A notice when the numbers are old: no answers, or the token is no longer accepted. */
import { ApiProblem } from "../../../api/client";
import type { Texts } from "../../../i18n/en";
import { problemText, useTexts } from "../../../i18n/language";
import { timeOfDay } from "../../../i18n/time";
import { Button } from "../../../ui/button";
import { Notice, Problem } from "../../../ui/notice";
import { useHistory } from "../history";
import { useToken } from "../token";

export function Connection() {
  const texts = useTexts();
  const { forget } = useToken();
  const { now } = useHistory();
  if (!now.isError) return null;
  if (now.data === undefined) return <Problem error={now.error} retry={() => { void now.refetch(); }} />;
  const code = now.error instanceof ApiProblem ? now.error.code : "UNREADABLE";
  const since = timeOfDay(new Date(now.dataUpdatedAt).toISOString(), texts.locale);
  return (
    <Notice tone="warn">
      <p>{texts.frame.staleSince(since, why(texts, code))}</p>
      {code === "UNAUTHORIZED" && <div><Button small onClick={forget}>{texts.frame.enterAgain}</Button></div>}
    </Notice>
  );
}

/** The texts of these codes are for requests that an operator repeats; here they repeat by themselves. */
function why(texts: Texts, code: string): string {
  if (code === "NETWORK") return texts.frame.unreachable;
  return code === "UNAUTHORIZED" ? texts.frame.refused : problemText(texts, code);
}
