import { useEffect } from "react";

/** The name of the browser's tab while a page of the console is shown; the shop's comes back after it. */
export function useTitle(title: string): void {
  useEffect(() => {
    const before = document.title;
    document.title = `${title} · payops`;
    return () => { document.title = before; };
  }, [title]);
}
