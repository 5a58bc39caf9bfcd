// The page's behaviour: asks /_control with the token that was entered, and shows what it says. No build, no library.

const EVERY = 2000; // milliseconds between two looks, while the page is visible
const PAGE = 50; // entries of the journal
const TIMED = ["latency", "timeout_before", "timeout_after_success", "late_success"];
const COLOUR = { APPROVED: "good", DECLINED: "warn", CANCELLED: "warn", PROCESSING: "warn", NOT_PROCESSED: "bad" };

const part = (id) => document.getElementById(id);
let token = "";
let rules = [];
let before = 0; // seq that the shown page of the journal ends before; 0: the newest
let frozen = false;

async function ask(method, path, body) {
  const headers = { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(`/_control/${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.message);
  return said;
}

function say(text, bad = false) {
  part("notice").textContent = text;
  part("notice").className = `notice ${bad ? "bad" : "good"}`;
  part("notice").hidden = text === "";
}

function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

const words = (code) => code.replaceAll("_", " ");

function amount(operation) {
  if (!operation || operation.amount === null || !operation.currency) return "";
  const format = new Intl.NumberFormat("en", { style: "currency", currency: operation.currency, currencyDisplay: "code" });
  return format.format(operation.amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

function badge(state) {
  const cell = document.createElement("td");
  if (state) cell.append(element("span", words(state.toLowerCase()), `badge ${COLOUR[state] ?? ""}`));
  return cell;
}

function entryRow(entry) {
  const row = document.createElement("tr");
  const truth = entry.operation;
  row.append(
    element("td", entry.at.slice(0, 19).replace("T", " "), "mono"),
    element("td", entry.kind),
    element("td", entry.reference ?? "", "mono"),
    element("td", amount(truth), "number"),
    element("td", entry.fault ? words(entry.fault) : ""),
    badge(entry.outcome ?? "waits"),
    badge(truth?.state),
  );
  return row;
}

function ruleItem({ rule, remaining, hits }, place) {
  const item = document.createElement("li");
  const hit = rule.kinds.length ? rule.kinds.join(", ") : "all requests";
  const tokens = rule.tokenKinds.length ? ` with tokens ${rule.tokenKinds.map(words).join(", ")}` : "";
  const seconds = rule.seconds === null ? "" : `, ${rule.seconds} s`;
  const left = remaining === null ? "" : `, ${remaining} left`;
  item.append(element("strong", words(rule.fault)), element("span", `${rule.percentage} % of ${hit}${tokens}${seconds}`));
  item.append(element("span", `hit ${hits}${left}`, "muted"));
  const remove = element("button", "Remove", "button small");
  remove.type = "button";
  remove.setAttribute("aria-label", `Remove ${words(rule.fault)}`);
  remove.addEventListener("click", () => act(() => replace(rules.filter((_, other) => other !== place))));
  item.append(remove);
  return item;
}

function showFaults(found) {
  rules = found.rules.map(({ rule, remaining }) => ({ rule, remaining }));
  part("rules").replaceChildren(...found.rules.map(ruleItem));
  part("no-rules").hidden = rules.length > 0;
  part("calm").hidden = rules.length === 0;
  const active = rules.filter(({ remaining }) => remaining !== 0).length;
  part("weather").hidden = false;
  part("weather").textContent = active ? `${active} ${active === 1 ? "fault" : "faults"} on` : "no faults";
  part("weather").className = `badge ${active ? "warn" : "good"}`;
}

function showClock(clock) {
  frozen = clock.frozen;
  part("now").textContent = `${clock.now.slice(0, 19).replace("T", " ")} UTC`;
  const days = Math.abs(clock.offsetSeconds) < 1 ? "with the machine's" : `${Math.round(clock.offsetSeconds)} s ahead of the machine's`;
  part("clock-state").textContent = frozen ? "The clock is frozen." : `The clock goes ${days}.`;
  part("freeze").textContent = frozen ? "Let it run" : "Freeze";
}

function showJournal(page) {
  part("entries").replaceChildren(...page.entries.map(entryRow));
  part("no-entries").hidden = page.entries.length > 0;
  part("older").hidden = page.next === null;
  part("older").dataset.before = page.next ?? "";
  part("newest").hidden = before === 0;
}

async function look() {
  const named = part("reference").dataset.shown;
  const query = `journal?newest=true&limit=${PAGE}&after=${before}${named ? `&reference=${encodeURIComponent(named)}` : ""}`;
  const [faults, clock, journal] = await Promise.all([ask("GET", "faults"), ask("GET", "clock"), ask("GET", query)]);
  showFaults(faults);
  showClock(clock);
  showJournal(journal);
}

// A rule that has been used in part goes on with what remains of its count; one that is used up is dropped.
function replace(kept) {
  const left = kept.filter(({ remaining }) => remaining !== 0);
  return ask("PUT", "faults", { rules: left.map(({ rule, remaining }) => ({ ...rule, count: remaining })) });
}

async function act(change) {
  try {
    await change();
    await look();
    say("");
  } catch (error) {
    say(error.message, true);
  }
}

function newRule() {
  const fault = part("fault").value;
  const timed = TIMED.includes(fault) && part("seconds").value !== "";
  const rule = {
    fault,
    kinds: part("kind").value ? [part("kind").value] : [],
    tokenKinds: part("token-kind").value ? [part("token-kind").value] : [],
    percentage: Number(part("percentage").value),
    seconds: timed ? Number(part("seconds").value) : null,
  };
  return { rule, remaining: part("count").value ? Number(part("count").value) : null };
}

async function fillChoices() {
  const { components } = await (await fetch("/openapi.json")).json();
  for (const [id, schema] of [["fault", "Fault"], ["kind", "RequestKind"], ["token-kind", "TokenKind"]]) {
    for (const value of components.schemas[schema].enum) part(id).append(new Option(words(value), value));
  }
}

function on(id, event, change) {
  part(id).addEventListener(event, (happened) => {
    happened.preventDefault();
    act(change);
  });
}

part("sign-in").addEventListener("submit", (happened) => {
  happened.preventDefault();
  token = part("token").value;
  act(async () => {
    part("seed").value = (await ask("GET", "seed")).seed;
    part("token").value = "";
    part("entry").hidden = true;
    part("opened").hidden = false;
  });
});
on("calm", "click", () => ask("DELETE", "faults"));
on("add-rule", "submit", () => replace([...rules, newRule()]));
on("freeze", "click", () => ask("PUT", "clock", { frozen: !frozen }));
on("set-seed", "submit", () => ask("PUT", "seed", { seed: Number(part("seed").value) }));
on("filter", "submit", () => {
  part("reference").dataset.shown = part("reference").value.trim();
  before = 0;
});
on("older", "click", () => { before = Number(part("older").dataset.before); });
on("newest", "click", () => { before = 0; });
for (const button of document.querySelectorAll("[data-advance]")) {
  button.addEventListener("click", () => act(() => ask("PUT", "clock", { advance: Number(button.dataset.advance) })));
}
part("fault").addEventListener("change", () => { part("seconds").disabled = !TIMED.includes(part("fault").value); });
setInterval(() => { if (!part("opened").hidden && !document.hidden) look().catch((error) => say(error.message, true)); }, EVERY);
fillChoices().catch((error) => say(error.message, true));
