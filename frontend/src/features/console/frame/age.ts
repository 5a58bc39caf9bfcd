import type { Texts } from "../../../i18n/en";

/** The largest unit that says enough: "8.3 s", "12 min", "5 h". */
export function ageOf({ frame, timeline }: Texts, seconds: number): string {
  if (seconds < 60) return timeline.seconds(seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0));
  return seconds < 7200 ? frame.minutes(Math.floor(seconds / 60)) : frame.hours(Math.floor(seconds / 3600));
}
