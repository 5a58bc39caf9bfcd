/** Whose key it is and what it may do; and whether merchants need one. */
import { useQuery } from "@tanstack/react-query";
import { healthQuery } from "../../../api/desk";
import { useTexts } from "../../../i18n/language";
import { dateAndTime } from "../../../i18n/time";
import { SCOPES } from "../keys/rules";
import { useOperator } from "../operator";
import styles from "./who.module.css";

export function Who() {
  const texts = useTexts();
  const { caller } = useOperator();
  const health = useQuery(healthQuery());
  const name = caller.keyId === null ? texts.operator.adminToken : caller.name;
  return (
    <p className={styles.who} role="group" aria-label={texts.operator.who}>
      <span><strong>{name}</strong> · {SCOPES.OPERATOR.filter((scope) => caller.scopes.includes(scope)).join(", ")}</span>
      {caller.expiresAt !== null && <span>{texts.operator.until(dateAndTime(caller.expiresAt, texts.locale))}</span>}
      {health.data?.auth === "open" && <span>{texts.operator.openMode}</span>}
    </p>
  );
}
