import { Link } from "react-router";
import styles from "./views.module.css";

export interface View {
  to: string;
  name: string;
  /** "page": this one is shown; "true": a part of it is. */
  current?: "page" | "true" | undefined;
}

/** The views of one page of the console, each at an address of its own. */
export function Views({ label, views }: { label: string; views: readonly View[] }) {
  return (
    <nav aria-label={label} className={styles.tabs}>
      {views.map(({ to, name, current }) => <Link key={to} to={to} aria-current={current}>{name}</Link>)}
    </nav>
  );
}
