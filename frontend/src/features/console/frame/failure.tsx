import { Notice, Problem } from "../../../ui/notice";
import { isUnknown } from "./change";

/** Why a change was not done; `unknown`: what to say when nobody knows. */
export function Failure({ error, unknown }: { error: unknown; unknown: string }) {
  if (error === null) return null;
  return isUnknown(error) ? <Notice tone="warn">{unknown}</Notice> : <Problem error={error} />;
}
