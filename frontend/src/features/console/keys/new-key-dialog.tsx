import { useId, useState } from "react";
import { createKey, type NewApiKey, type Scope } from "../../../api/keys";
import { useTexts } from "../../../i18n/language";
import { Confirm } from "../../../ui/confirm";
import { Choice, TextField } from "../../../ui/panel";
import styles from "../console.module.css";
import { useOperator } from "../operator";
import { useChange } from "../frame/change";
import { Failure } from "../frame/failure";
import own from "./keys.module.css";
import { CHANGED, DAY_SECONDS, FIRST_LIFETIME, FIRST_SCOPES, LIFETIMES, networksOf, SCOPES } from "./rules";

const LONGEST_NAME = 64;

interface Props {
  /** The merchant of the new key; null: an operator's key. */
  of: string | null;
  onMade: (made: NewApiKey) => void;
  onClose: () => void;
}

export function NewKeyDialog({ of, onMade, onClose }: Props) {
  const { keys } = useTexts();
  const { token } = useOperator();
  const kind = of === null ? "OPERATOR" : "MERCHANT";
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState(FIRST_SCOPES[kind]);
  const [networks, setNetworks] = useState("");
  const [days, setDays] = useState(FIRST_LIFETIME[kind]);
  const { start, busy, error } = useChange(async () => {
    onMade(await createKey(token, {
      name: name.trim(),
      scopes: [...scopes],
      allowedNetworks: networksOf(networks),
      ...(of === null ? {} : { merchantId: of }),
      ...(days === 0 ? {} : { expiresInSeconds: days * DAY_SECONDS }),
    }));
  }, onClose, CHANGED);
  return (
    <Confirm
      title={keys.newKeyOf[kind](of ?? "")}
      question={keys.askKey}
      action={keys.createKey}
      busy={busy || scopes.length === 0} // the API takes none for all
      onConfirm={start}
      onClose={onClose}
    >
      <fieldset className={own.fields} disabled={busy}>
        <TextField label={keys.keyName} hint={keys.keyNameHint} required maxLength={LONGEST_NAME} pattern=".*\S.*" autoComplete="off" value={name} onChange={(event) => { setName(event.target.value); }} />
        <ScopeChoice all={SCOPES[kind]} chosen={scopes} onChange={setScopes} />
        <TextField label={keys.networks} hint={keys.networksHint} autoComplete="off" spellCheck={false} value={networks} onChange={(event) => { setNetworks(event.target.value); }} />
        <Choice label={keys.lifetime} value={days} onChange={(event) => { setDays(Number(event.target.value)); }}>
          {LIFETIMES.map((one) => <option key={one} value={one}>{one === 0 ? keys.noEnd : keys.inDays(one)}</option>)}
        </Choice>
      </fieldset>
      <Failure error={error} unknown={keys.unknownKey} />
    </Confirm>
  );
}

interface ChoiceProps {
  all: readonly Scope[];
  chosen: readonly Scope[];
  onChange: (chosen: readonly Scope[]) => void;
}

function ScopeChoice({ all, chosen, onChange }: ChoiceProps) {
  const { keys } = useTexts();
  const id = useId();
  return (
    <div role="group" aria-labelledby={id} className={own.scopes}>
      <span id={id}>{keys.scopes}</span>
      {all.map((scope) => (
        <div key={scope}>
          <input
            id={`${id}${scope}`}
            type="checkbox"
            checked={chosen.includes(scope)}
            onChange={(event) => { onChange(all.filter((one) => (one === scope ? event.target.checked : chosen.includes(one)))); }}
          />
          <label htmlFor={`${id}${scope}`}><code>{scope}</code> <span className={styles.muted}>{keys.scope[scope]}</span></label>
        </div>
      ))}
      {chosen.length === 0 && <span className={own.needed} role="alert">{keys.scopeNeeded}</span>}
    </div>
  );
}
