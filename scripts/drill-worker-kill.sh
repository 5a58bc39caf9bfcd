#!/usr/bin/env bash
# Drill: kill -9 of relay and ledger, one after the other. Events wait for them, and each is posted once.
# Options: --base-url, --preset; hooks RELAY_KILL_CMD, LEDGER_KILL_CMD, and RELAY_START_CMD, LEDGER_START_CMD
# where nothing else restarts them.
set -euo pipefail
# shellcheck source=scripts/lib-drill.sh
. "$(dirname "$0")/lib-drill.sh"
drill "$@"
hook RELAY_KILL_CMD LEDGER_KILL_CMD RELAY_START_CMD LEDGER_START_CMD

is_published() {
  [ -n "$(events_of "$1" 'e["publishedAt"]')" ]
}

# Alive, they take 0.2 s. Killed, the relay holds its lease for seconds more, and the ledger its partitions.
waits_for() { # waits_for WHAT CONDITION ID: the condition does not come true within a second and a half
  local look
  for look in 1 2 3 4 5; do
    sleep 0.3
    if "$2" "$3"; then lie "payment $3 is $1 already, at look $look: the kill did not hit"; fi
  done
  [ "$(events_of "$3" '"seen"')" = seen ] || lie "payment $3 cannot be read"
  fine "payment $3 waits to be $1"
}

healthy

step "five payments"
pays 5
all_posted

step "kill the relay"
break_it "$RELAY_KILL_CMD" "$RELAY_START_CMD"
fine "done: $RELAY_KILL_CMD"

step "payments without a relay"
pays 5
waits_for published is_published "${paid[${#paid[@]} - 1]}"

step "start the relay"
fix_it
all_posted

step "kill the ledger"
break_it "$LEDGER_KILL_CMD" "$LEDGER_START_CMD"
fine "done: $LEDGER_KILL_CMD"

step "payments without a ledger"
pays 5
last="${paid[${#paid[@]} - 1]}"
until_true "$patience" "payment $last is published" is_published "$last"
waits_for posted is_posted "$last"

step "start the ledger"
fix_it
all_posted
until_true "$patience" "/health says UP" is_well
audit
