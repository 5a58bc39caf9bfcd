import { Fragment } from "react";

/** Words between backticks as code. */
export function Coded({ text }: { text: string }) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? <code key={part}>{part}</code> : <Fragment key={part}>{part}</Fragment>));
}
