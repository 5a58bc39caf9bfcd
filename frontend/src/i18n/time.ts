/** Times of the API (UTC, microseconds) for people. */

export function timeOfDay(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: "medium" }).format(new Date(iso));
}

export function dateAndTime(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(iso));
}

/** Seconds between two times with one or two digits; a clock that went back shows 0. */
export function secondsBetween(from: string, to: string): string {
  const seconds = Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
  return seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(0);
}

/** The time that a field of type datetime-local holds (the reader's time zone) in UTC; "" when it is none. */
export function toUtc(local: string): string {
  const time = new Date(local);
  return local === "" || Number.isNaN(time.getTime()) ? "" : time.toISOString();
}

/** A time of the API for a field of type datetime-local, to the second; "" when it is none. */
export function toLocal(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return "";
  const digits = (value: number, count = 2) => String(value).padStart(count, "0");
  const day = [digits(time.getFullYear(), 4), digits(time.getMonth() + 1), digits(time.getDate())].join("-");
  return `${day}T${[time.getHours(), time.getMinutes(), time.getSeconds()].map((value) => digits(value)).join(":")}`;
}

/** A time (ms since 1970) to the minute. */
export function shortTime(at: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: "short" }).format(at);
}
