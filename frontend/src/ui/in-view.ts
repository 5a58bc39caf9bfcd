import { useEffect, useState } from "react";

/** Whether `element` is in the window, apart from the `covered` pixels at the bottom; false for null. */
export function useInView(element: Element | null, covered = 0): boolean {
  const [seen, setSeen] = useState<Element | null>(null);
  useEffect(() => {
    if (element === null) return;
    const observer = new IntersectionObserver(
      ([entry]) => { setSeen(entry?.isIntersecting === true ? element : null); },
      { rootMargin: `0px 0px -${covered}px 0px` },
    );
    observer.observe(element);
    return () => { observer.disconnect(); };
  }, [element, covered]);
  return element !== null && seen === element;
}
