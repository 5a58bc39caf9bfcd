#!/usr/bin/env bash
# What the drills share; they source it. `drill "$@"` reads --base-url, --ca and --preset, then hooks and facts are known.
# Needs bash, curl, python3. A check that does not hold ends the drill with 1; what a drill broke is restored in any case.
# shellcheck disable=SC2034  # the drills read these variables
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
. scripts/lib-drill-keys.sh
. scripts/lib-ca.sh

base_url="" preset="" database_url="${DATABASE_URL:-}" bootstrap="${KAFKA_BOOTSTRAP_SERVERS:-}"
token="${OPERATOR_KEY:-${ADMIN_TOKEN:-}}" # of operators' routes
drill_id="$$-$RANDOM"
steps=0 made=0
fix=""   # the hook that restores what is broken now
status="" # of the last answer
paid=()   # ids of all payments answered 200
took=()   # seconds that each of them took
scratch="$(mktemp -d)"
patience="${DRILL_SECONDS:-60}" # for everything to come back

say() { printf '%s\n' "$*"; }
fine() { printf '   %s\n' "$*"; }

step() {
  steps=$((steps + 1))
  printf '%2d. %s\n' "$steps" "$*"
}

lie() {
  printf '   NOT TRUE: %s\n' "$*" >&2
  exit 1
}

drill() { # drill OPTIONS: reads the options, and the settings of the platform
  while [ $# -gt 0 ]; do
    case "$1" in
      --base-url) base_url="${2:?--base-url needs an address}" && shift 2 ;;
      --ca) export PAYOPS_CA="${2:?--ca needs a file}" && shift 2 ;;
      --preset) preset="${2:?--preset is run, test or vagrant}" && shift 2 ;;
      *) usage "unknown option $1" ;;
    esac
  done
  if [ -z "$preset" ]; then
    if [ -n "$base_url" ]; then preset="test"; else preset="run"; fi
  fi
  case "$preset" in
    run) . scripts/lib-drill-run.sh ;;
    test) ;;
    vagrant) . scripts/lib-drill-vagrant.sh ;;
    *) usage "unknown preset $preset" ;;
  esac
  [ -n "$base_url" ] || usage "--base-url is missing"
  take_keys
  trust
  base_url="${base_url%/}"
  trap 'at_exit $?' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap 'lie "line $LINENO of ${0##*/}: $BASH_COMMAND"' ERR
  say "drill ${0##*/} on $base_url"
}

refuse() { # it cannot run at all
  echo "$*" >&2
  exit 2
}

usage() {
  echo "$1; usage: ${0##*/} [--base-url https://host] [--ca FILE] [--preset run|test|vagrant] (run: the \`make run\` here;" \
    "others: hooks in the environment, see docs/troubleshooting.md)" >&2
  exit 2
}

hook() { # hook NAME...: these must be known
  local name
  for name in "$@"; do [ -n "${!name:-}" ] || usage "$name is not set"; done
}

break_it() { # break_it STOP START: run the first command; `fix_it`, or the end of the drill, runs the second one
  fix="$2"
  eval "$1" || lie "the hook failed: $1"
}

fix_it() {
  eval "$fix" || lie "the hook failed: $fix"
  fix=""
}

at_exit() {
  trap - EXIT ERR
  trap '' INT TERM PIPE # a second signal or a closed terminal must not prevent the restoration
  set +e
  if [ -n "$fix" ]; then
    say "restoring: $fix"
    eval "$fix" || say "could not restore; run it yourself: $fix"
  fi
  rm -rf "$scratch"
  if [ "$1" = 0 ]; then say "drill ${0##*/}: all true"; else say "drill ${0##*/}: FAILED ($1)" >&2; fi
  exit "$1"
}

until_true() { # until_true SECONDS WHAT COMMAND...: repeat the command until it succeeds
  local deadline=$((SECONDS + $1)) most="$1" what="$2"
  shift 2
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || lie "not within $most s: $what"
    sleep 0.2
  done
}

json() { # json EXPRESSION: its value with `d` being the JSON on standard input; fails on what is not there
  python3 -I -S -c 'import json, sys
d = json.load(sys.stdin)
value = eval(sys.argv[1])
print(str(value).lower() if isinstance(value, bool) else "" if value is None else value)' "$1" 2>/dev/null
}

calc() { # calc EXPRESSION NUMBER...: its value with `n` being the numbers
  python3 -I -S -c 'import statistics, sys
n = [float(a) for a in sys.argv[2:]]
print(eval(sys.argv[1]))' "$@"
}

request() { # request PATH CURL-OPTIONS...: sets `status` (000: no answer) and `seconds`; the body is in $scratch/body
  local path="$1" out
  shift
  : >"$scratch/body"
  out="$(curl -sS ${trusted[@]+"${trusted[@]}"} --max-time 10 -o "$scratch/body" -w '%{http_code} %{time_total}' "$@" \
    --config <(authorization "$path") "$base_url$path" 2>/dev/null || true)"
  status="${out%% *}" seconds="${out##* }"
}

shown() { # shown PATH EXPRESSION: GET, and a value of the answer's JSON
  request "$1"
  json "$2" <"$scratch/body"
}

is() { # is VALUE PATH EXPRESSION
  [ "$(shown "$2" "$3")" = "$1" ]
}

pay() { # pay KEY: one authorization
  request /payments/authorize -H 'Content-Type: application/json' \
    -d "{$named\"amount\":1000,\"currency\":\"KRW\",\"idempotencyKey\":\"$1\"}"
}

pays() { # pays COUNT [PAUSE]: payments, each of which must be answered 200
  local count="$1" number
  for ((number = 0; number < count; number++)); do
    made=$((made + 1))
    pay "$drill_id-$made"
    [ "$status" = 200 ] || lie "payment $made was answered $status: $(cat "$scratch/body")"
    paid+=("$(json 'd["paymentId"]' <"$scratch/body")")
    took+=("$seconds")
    sleep "${2:-0}"
  done
}

median() { # of the last COUNT payments, in seconds
  calc 'round(statistics.median(n), 4)' "${took[@]: -$1}"
}

events_of() { # events_of ID EXPRESSION: with `e` being the payment's only event
  shown "$(payment "$1")" "[$2 for e in d['events']][0]"
}

is_posted() {
  [ "$(shown "$(payment "$1")" \
    'all(e["postedAt"] for e in d["events"]) and [p["postingNo"] for p in d["ledgerEntries"]]')" = "[0]" ]
}

all_posted() { # each payment of this drill exactly once
  local id urls=()
  for id in "${paid[@]}"; do urls+=("$base_url$(payment "$id")"); done
  until_true "$patience" "all ${#paid[@]} payments are posted, each once" are_posted "${urls[@]}"
  fine "all ${#paid[@]} payments are posted, each exactly once"
}

are_posted() { # are_posted URL...: one curl for all of them; their answers come one after the other
  curl -sS ${trusted[@]+"${trusted[@]}"} --max-time 10 --config <(authorization /payments/) "$@" 2>/dev/null | python3 -I -S -c 'import json, sys
text, at, posted = sys.stdin.read(), 0, 0
while at < len(text.rstrip()):
    d, end = json.JSONDecoder().raw_decode(text[at:].lstrip())
    at = len(text) - len(text[at:].lstrip()) + end
    posted += all(e["postedAt"] for e in d["events"]) and [p["postingNo"] for p in d["ledgerEntries"]] == [0]
sys.exit(posted != int(sys.argv[1]))' $# 2>/dev/null
}

breaker() { # breaker EXPRESSION
  shown /circuit-breaker/kafka-publisher "$1"
}

component() { # component NAME: what /health says of it
  shown /health "d['components']['$1']['status']"
}

is_well() {
  is UP /health 'd["status"]'
}

healthy() { # the first step of every drill
  step "health"
  until_true "${1:-15}" "/health says UP" is_well
  check_keys
  fine "UP"
}

outbox_is_empty() {
  is 0 /operations 'd["outboxPending"]'
}

audit() { # what every drill ends with
  say "    audit"
  if [ -n "$database_url" ]; then
    DATABASE_URL="$database_url" .venv/bin/python -m worker audit --full || lie "the audit is not clean"
    return
  fi
  if [ -n "${AUDIT_CMD:-}" ]; then
    eval "$AUDIT_CMD" || lie "the audit is not clean"
    fine "no differences"
    return
  fi
  [ -n "$token" ] || lie "no audit is possible: set DATABASE_URL or OPERATOR_KEY"
  local before
  before="$(shown /ledger/trial-balance '(d["audit"] or {}).get("at")')"
  until_true 90 "housekeeping has audited after the drill" audited_since "$before"
  is 0 /ledger/trial-balance 'd["audit"]["differences"]' || lie "the audit found differences"
  is true /ledger/trial-balance 'all(t["debits"] == t["credits"] for t in d["totals"])' || lie "the totals differ"
  fine "no differences"
}

audited_since() {
  is true /ledger/trial-balance "bool(d['audit'] and d['audit']['at'] not in ('', '$1'))"
}
