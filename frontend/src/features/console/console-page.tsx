import { NavLink, useParams } from "react-router";
import { ApiProblem } from "../../api/client";
import { problemText, useTexts } from "../../i18n/language";
import { Button } from "../../ui/button";
import { Notice, Problem } from "../../ui/notice";
import { BreakerPage } from "./breaker-page";
import styles from "./console.module.css";
import { FindingsPage } from "./findings-page";
import { useHistory, WithHistory } from "./history";
import { LedgerPage } from "./ledger-page";
import { DeadLettersPage } from "./dead-letters-page";
import { Overview } from "./overview";
import { ParkedPage } from "./parked-page";
import { PaymentsPage } from "./payments-page";
import { useToken, WithToken } from "./token";

const FIRST_MERCHANT = "STORE";

const SECTIONS = {
  overview: { path: "/console", page: Overview },
  payments: { path: "/console/payments", page: PaymentsPage },
  ledger: { path: "/console/ledger", page: LedgerPage },
  findings: { path: "/console/findings", page: FindingsPage },
  letters: { path: "/console/dead-letters", page: DeadLettersPage },
  parked: { path: "/console/parked", page: ParkedPage },
  breaker: { path: "/console/breaker", page: BreakerPage },
} as const;
type Section = keyof typeof SECTIONS;
const NAMES = Object.keys(SECTIONS) as Section[];

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
  const current = NAMES.find((name) => SECTIONS[name].path === (section === undefined ? "/console" : `/console/${section}`));
  const Page = SECTIONS[current ?? "overview"].page;
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>{texts.console.title}</h1>
        <Button small onClick={forget}>{texts.console.leave}</Button>
      </div>
      <nav className={styles.tabs} aria-label={texts.console.title}>
        {NAMES.map((name) => <NavLink key={name} to={SECTIONS[name].path} end>{texts.console.tabs[name]}</NavLink>)}
      </nav>
      <Connection />
      <Page />
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
