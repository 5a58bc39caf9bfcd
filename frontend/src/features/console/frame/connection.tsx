/** A notice when the numbers are old: no answers, or the token is no longer accepted. */
import { ApiProblem } from "../../../api/client";
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
      <p>{texts.frame.staleSince(since, problemText(texts, code))}</p>
      {code === "UNAUTHORIZED" && <div><Button small onClick={forget}>{texts.frame.enterAgain}</Button></div>}
    </Notice>
  );
}
