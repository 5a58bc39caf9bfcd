import { Suspense } from "react";
import { NavLink, useParams } from "react-router";
import { ApiProblem } from "../../api/client";
import { problemText, useTexts } from "../../i18n/language";
import { Button } from "../../ui/button";
import { Loading, Notice, Problem } from "../../ui/notice";
import styles from "./console.module.css";
import { useHistory, WithHistory } from "./history";
import { GROUPS, PAGES, pageOf } from "./pages";
import { useToken, WithToken } from "./token";

const FIRST_MERCHANT = "STORE";

/** The operator console: behind the token. */
export function ConsolePage() {
  return (
    <WithToken>
      <WithHistory merchantId={FIRST_MERCHANT}>
        <Console />
      </WithHistory>
    </WithToken>
  );
}

function Console() {
  const texts = useTexts();
  const { forget } = useToken();
  const { section } = useParams();
  const Page = (pageOf(section) ?? GROUPS.now[0]).Page;
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>{texts.console.title}</h1>
        <Button small onClick={forget}>{texts.console.leave}</Button>
      </div>
      <nav className={styles.tabs} aria-label={texts.console.title}>
        {PAGES.map(({ name, path }) => <NavLink key={name} to={path} end={path === "/console"}>{texts.console.tabs[name]}</NavLink>)}
      </nav>
      <Connection />
      <Suspense fallback={<Loading />}><Page /></Suspense>
    </div>
  );
}

/** A notice when the numbers are old: no answers, or the token is no longer accepted. */
function Connection() {
  const texts = useTexts();
  const { now } = useHistory();
  if (!now.isError) return null;
  if (now.data === undefined) return <Problem error={now.error} retry={() => { void now.refetch(); }} />;
  const code = now.error instanceof ApiProblem ? now.error.code : "UNREADABLE";
  return <Notice tone="warn">{texts.console.offline(problemText(texts, code))}</Notice>;
}
