import { Suspense } from "react";
import { Link, Navigate, useLocation, useParams } from "react-router";
import { useTexts } from "../../i18n/language";
import { buttonClass } from "../../ui/button";
import { Loading } from "../../ui/notice";
import { Connection } from "./frame/connection";
import styles from "./frame/frame.module.css";
import { Drawer, SideNavigation } from "./frame/navigation";
import { SearchBox } from "./frame/search-box";
import { StateLine } from "./frame/state-line";
import { useTitle } from "./frame/title";
import { Who } from "./frame/who";
import { WithHistory } from "./history";
import { useOperator, WithOperator } from "./operator";
import { mayOpen, pageOf, PAGES, scopesOf, type ConsolePage as Page } from "./pages";

const FIRST_MERCHANT = "STORE";

/** The operator console: behind an operator's key. */
export function ConsolePage() {
  return (
    <WithOperator>
      <WithHistory merchantId={FIRST_MERCHANT}>
        <Frame />
      </WithHistory>
    </WithOperator>
  );
}

function Frame() {
  const { may } = useOperator();
  return (
    <div className={styles.frame}>
      <SideNavigation />
      <div className={styles.content}>
        <div className={styles.top}>
          <Drawer />
          {may("read") && <SearchBox />}
        </div>
        <Who />
        {may("read") && <StateLine />}
        <Connection />
        <div className={styles.page}><Content /></div>
      </div>
    </div>
  );
}

function Content() {
  const operator = useOperator();
  const { section, id } = useParams();
  const { pathname, search } = useLocation();
  const page = pageOf(section);
  if (page === undefined) return <NoPage />;
  if (section !== undefined && !pathname.startsWith(page.path)) {
    return <Navigate replace to={`${page.path}${id === undefined ? "" : `/${id}`}${search}`} />; // a former path
  }
  if (!mayOpen(operator, page)) {
    const first = section === undefined ? PAGES.find((one) => mayOpen(operator, one)) : undefined;
    return first === undefined ? <NotAllowed page={page} /> : <Navigate replace to={first.path} />;
  }
  if (id !== undefined && page.Item !== undefined) return <Suspense fallback={<Loading />}><page.Item /></Suspense>;
  return <Named page={page} />;
}

function Named({ page }: { page: Page }) {
  const texts = useTexts();
  const name = texts.console.tabs[page.name];
  useTitle(name);
  return (
    <>
      <h1>{name}</h1>
      <Suspense fallback={<Loading />}><page.Page /></Suspense>
    </>
  );
}

function NotAllowed({ page }: { page: Page }) {
  const texts = useTexts();
  useTitle(texts.console.tabs[page.name]);
  return (
    <div className={styles.lost}>
      <h1>{texts.operator.mayNot}</h1>
      <p>{texts.operator.mayNotHint(scopesOf(page).join(" / "))}</p>
    </div>
  );
}

function NoPage() {
  const texts = useTexts();
  return (
    <div className={styles.lost}>
      <h1>{texts.frame.noPage}</h1>
      <Link to="/console" className={buttonClass("primary")}>{texts.frame.toOverview}</Link>
    </div>
  );
}
