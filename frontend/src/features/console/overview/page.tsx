import { useQuery } from "@tanstack/react-query";
import { overviewQuery } from "../../../api/desk";
import { useTexts } from "../../../i18n/language";
import { timeOfDay } from "../../../i18n/time";
import { Loading, Problem } from "../../../ui/notice";
import { BreakerCard } from "../breaker/breaker-card";
import styles from "../console.module.css";
import { useHistory } from "../history";
import { useOperator } from "../operator";
import { Changes } from "./changes";
import { Charts } from "./charts";
import { RateLimits } from "./rate-limits";

/** The breaker, the last hour, and a merchant's limits. */
export default function OverviewPage() {
  const texts = useTexts();
  const { token } = useOperator();
  const { now } = useHistory();
  const query = useQuery(overviewQuery(token));
  if (now.data === undefined) return <Loading />;
  const since = query.data?.since ?? null;
  return (
    <div className={styles.stack}>
      <BreakerCard />
      <div className={styles.sectionHead}>
        <h2>{texts.overview.lastHour}</h2>
        <p className={styles.muted}>{since !== null && texts.overview.since(timeOfDay(since, texts.locale))}</p>
      </div>
      {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
      <Charts overview={query.data} now={now.data} />
      <Changes changes={query.data?.changes} />
      <RateLimits limits={now.data.rateLimits} />
    </div>
  );
}
