import { useEffect, useState } from "react";

/** Whole seconds left until `until` (ms since 1970), renewed each second; 0 when it has passed. */
export function useCountdown(until: number): number {
  const [now, setNow] = useState(() => Date.now());
  const left = Math.max(0, Math.ceil((until - now) / 1000));
  useEffect(() => {
    if (left === 0) return;
    const timer = setTimeout(() => { setNow(Date.now()); }, 250);
    return () => { clearTimeout(timer); };
  }, [left, now]);
  return left;
}
