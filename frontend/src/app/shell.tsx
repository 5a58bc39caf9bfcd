import type { ReactNode } from "react";
import { Link, NavLink, useLocation } from "react-router";
import { LANGUAGES, useLanguage, type Language } from "../i18n/language";
import mark from "./mark.svg";
import { PATHS } from "./routes";
import styles from "./shell.module.css";
import { THEMES, useTheme, type Theme } from "./theme";

/** The frame of every page. The console takes the whole window, and has no footer of a shop. */
export function Shell({ children }: { children: ReactNode }) {
  const { texts } = useLanguage();
  const { pathname } = useLocation();
  const isConsole = pathname === PATHS.console || pathname.startsWith(`${PATHS.console}/`);
  return (
    <div className={`${styles.shell} ${isConsole ? styles.wide : ""}`}>
      <a className={styles.skip} href="#content">{texts.shell.skip}</a>
      <header className={styles.bar}>
        <div className={`${styles.inner} ${styles.row}`}>
          <Link to="/" className={styles.brand}>
            <img src={mark} alt="" />
            {texts.shell.brand}
          </Link>
          <nav className={styles.nav} aria-label={texts.shell.brand}>
            <NavLink to="/" end>{texts.shell.shop}</NavLink>
            <NavLink to="/orders">{texts.shell.orders}</NavLink>
            <NavLink to="/console">{texts.shell.console}</NavLink>
          </nav>
          <Tools />
        </div>
      </header>
      <main id="content" className={`${styles.inner} ${styles.main}`} tabIndex={-1}>{children}</main>
      {!isConsole && (
        <footer className={styles.foot}>
          <p className={styles.inner}>{texts.shell.footer}</p>
        </footer>
      )}
    </div>
  );
}

function Tools() {
  const { language, texts, choose } = useLanguage();
  const [theme, setTheme] = useTheme();
  return (
    <div className={styles.tools}>
      <div className={styles.tool}>
        <label htmlFor="language">{texts.shell.language}</label>
        <select id="language" value={language} onChange={(event) => { choose(event.target.value as Language); }}>
          {Object.entries(LANGUAGES).map(([code, { name }]) => <option key={code} value={code}>{name}</option>)}
        </select>
      </div>
      <div className={styles.tool}>
        <label htmlFor="theme">{texts.shell.theme}</label>
        <select id="theme" value={theme} onChange={(event) => { setTheme(event.target.value as Theme); }}>
          {THEMES.map((one) => <option key={one} value={one}>{texts.shell.themes[one]}</option>)}
        </select>
      </div>
    </div>
  );
}
