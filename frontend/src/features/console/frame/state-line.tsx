/** The platform at a glance, on every page: each fact in words, with a link to its page. */
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { Link } from "react-router";
import { healthQuery, type Health, type HealthStatus } from "../../../api/desk";
import type { Operations } from "../../../api/operations";
import type { Texts } from "../../../i18n/en";
import { useTexts } from "../../../i18n/language";
import type { Tone } from "../../../ui/panel";
import { TONES as BREAKER_TONES } from "../breaker/breaker-card";
import { useHistory } from "../history";
import { ageOf } from "./age";
import { badComponents, componentPage, sortedComponents } from "./health";
import styles from "./state-line.module.css";

const HEALTH_TONES: Record<HealthStatus, Tone> = { UP: "good", DEGRADED: "warn", DOWN: "bad" };
const WAITS_LONG_SECONDS = 10;
const ALERTS_SECONDS = 60; // as the alert OutboxNotDraining

export function StateLine() {
  const texts = useTexts();
  const { now } = useHistory();
  const health = useQuery(healthQuery());
  const [shown, setShown] = useState(false);
  const details = useId();
  const state = now.data;
  return (
    <section className={styles.state} aria-label={texts.frame.state}>
      <ul className={`${styles.line} ${now.isError || health.isError ? styles.old : ""}`}>
        {state === undefined ? <Waiting count={1} /> : <li className={styles.environment}><span className={styles.heard}>{texts.frame.environment} </span>{state.environment}</li>}
        <HealthChips health={health.data} failed={health.isError} details={details} shown={shown} onShow={() => { setShown(!shown); }} />
        {state === undefined ? <Waiting count={4} /> : <Facts state={state} />}
      </ul>
      <p className={styles.heard} role="status">{health.data !== undefined && state !== undefined && summary(texts, health.data, state)}</p>
      <div id={details} hidden={!shown} className={styles.details}>
        {health.data !== undefined && <Components health={health.data} />}
      </div>
    </section>
  );
}

/** Only what changes seldom: the numbers change all the time and would be read all the time. */
function summary(texts: Texts, health: Health, state: Operations): string {
  const bad = badComponents(health).map(({ name, status }) => texts.frame.component(nameOf(texts, name), texts.frame.status[status]));
  return [...(bad.length === 0 ? [texts.frame.allWell] : bad), texts.frame.breaker(texts.breaker.states[state.breakerState])].join(". ");
}

function Facts({ state }: { state: Operations }) {
  const texts = useTexts();
  const { frame, breaker } = texts;
  const age = state.outboxOldestAgeSeconds;
  const outbox = [state.outboxPending === 0 ? frame.outboxEmpty : frame.outboxWaits(ageOf(texts, age)), ...(state.outboxParked > 0 ? [frame.parked(state.outboxParked)] : [])];
  const slow = age > WAITS_LONG_SECONDS ? "warn" : "good";
  return (
    <>
      <Chip to="/console/breaker" tone={BREAKER_TONES[state.breakerState]}>{frame.breaker(breaker.states[state.breakerState])}</Chip>
      <Chip to="/console/outbox" tone={age > ALERTS_SECONDS || state.outboxParked > 0 ? "bad" : slow}>{outbox.join(", ")}</Chip>
      <Chip to="/console/dead-letters?state=OPEN" tone={state.deadLettersOpen > 0 ? "bad" : "good"}>{frame.letters(state.deadLettersOpen)}</Chip>
      <Chip to="/console/audit?state=OPEN" tone={state.auditFindingsOpen > 0 ? "bad" : "good"}>{frame.findings(state.auditFindingsOpen)}</Chip>
    </>
  );
}

interface HealthProps {
  health: Health | undefined;
  failed: boolean;
  details: string;
  shown: boolean;
  onShow: () => void;
}

/** The worst first; those that are up fold into one, which shows all with their details. */
function HealthChips({ health, failed, details, shown, onShow }: HealthProps) {
  const texts = useTexts();
  if (health === undefined) return failed ? <li className={`${styles.chip} ${styles.bad}`}>{texts.frame.healthUnknown}</li> : <Waiting count={1} />;
  const bad = badComponents(health);
  const up = Object.keys(health.components).length - bad.length;
  return (
    <>
      {bad.filter(({ name }) => name !== "breaker").map(({ name, status }) => ( // the breaker has a chip of its own
        <Chip key={name} to={componentPage(name)} tone={HEALTH_TONES[status]}>{texts.frame.component(nameOf(texts, name), texts.frame.status[status])}</Chip>
      ))}
      <li>
        <button type="button" className={`${styles.chip} ${styles.more} ${bad.length === 0 ? styles.good : ""}`} aria-expanded={shown} aria-controls={details} onClick={onShow}>
          {bad.length === 0 ? texts.frame.allWell : texts.frame.othersWell(up)}
        </button>
      </li>
    </>
  );
}

function Components({ health }: { health: Health }) {
  const texts = useTexts();
  return (
    <dl className={styles.components}>
      {sortedComponents(health).map(({ name, status, detail }) => (
        <div key={name}>
          <dt>
            <Link to={componentPage(name)}>{nameOf(texts, name)}</Link>
            <span className={`${styles.chip} ${styles[HEALTH_TONES[status]]}`}>{texts.frame.status[status]}</span>
          </dt>
          <dd lang="en">{detail}</dd>
        </div>
      ))}
    </dl>
  );
}

function nameOf(texts: Texts, name: string): string {
  return Object.hasOwn(texts.frame.components, name) ? texts.frame.components[name as keyof Texts["frame"]["components"]] : name;
}

function Chip({ to, tone, children }: { to: string; tone: Tone; children: string }) {
  return <li><Link to={to} className={`${styles.chip} ${styles[tone]}`}>{children}</Link></li>;
}

/** Room for what is not there yet. */
function Waiting({ count }: { count: number }) {
  return Array.from({ length: count }, (_, index) => <li key={index} aria-hidden="true" className={`${styles.chip} ${styles.waiting}`} />);
}
