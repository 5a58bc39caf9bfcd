/** The console's pages in their groups: at the side on wide screens, in a drawer on narrow ones. */
import { useEffect, useId, useRef, useState } from "react";
import { NavLink } from "react-router";
import { useTexts } from "../../../i18n/language";
import { Button } from "../../../ui/button";
import { GROUPS, mayOpen, type Group } from "../pages";
import { useOperator } from "../operator";
import styles from "./navigation.module.css";

const WIDE = "(min-width: 62rem)"; // as in navigation.module.css

function Pages({ onChoose }: { onChoose?: () => void }) {
  const texts = useTexts();
  const operator = useOperator();
  const groups = (Object.keys(GROUPS) as Group[]).map((group) => ({ group, pages: GROUPS[group].filter((page) => mayOpen(operator, page)) }));
  const id = useId();
  return (
    <div className={styles.pages}>
      <nav aria-label={texts.frame.navigation} className={styles.nav}>
        {groups.filter(({ pages }) => pages.length > 0).map(({ group, pages }) => (
          <div key={group} className={styles.group}>
            <p id={`${id}${group}`} className={styles.title}>{texts.console.groups[group]}</p>
            <ul aria-labelledby={`${id}${group}`}>
              {pages.map(({ name, path }) => (
                <li key={name}><NavLink to={path} end={path === "/console"} onClick={onChoose}>{texts.console.tabs[name]}</NavLink></li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <Button small onClick={operator.leave}>{texts.operator.leave}</Button>
    </div>
  );
}

export function SideNavigation() {
  return <div className={styles.side}><Pages /></div>;
}

/** The browser's own dialog: it traps the focus, closes with Escape, and gives the focus back to the button. */
export function Drawer() {
  const texts = useTexts();
  const [open, setOpen] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    dialog.current?.showModal();
    const wide = window.matchMedia(WIDE);
    const close = () => { dialog.current?.close(); };
    wide.addEventListener("change", close);
    return () => { wide.removeEventListener("change", close); };
  }, [open]);
  return (
    <div className={styles.narrow}>
      <Button aria-expanded={open} aria-controls={id} aria-haspopup="dialog" onClick={() => { setOpen(true); }}>
        <span className={styles.bars} aria-hidden="true" />
        {texts.frame.menu}
      </Button>
      <dialog ref={dialog} id={id} className={styles.drawer} aria-label={texts.frame.navigation} onClose={() => { setOpen(false); }} {...{ closedby: "any" }}>
        {open && (
          <>
            <Button small className={styles.close} onClick={() => { dialog.current?.close(); }}>{texts.state.close}</Button>
            <Pages onChoose={() => { dialog.current?.close(); }} />
          </>
        )}
      </dialog>
    </div>
  );
}
