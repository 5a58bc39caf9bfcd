#!/usr/bin/env bash
# Drill: Kafka stops and comes back. Payments are answered as before, the breaker opens, nothing is lost.
# Options: --base-url, --preset run|test|vagrant; hooks KAFKA_STOP_CMD and KAFKA_START_CMD. See docs/circuit-breaker.md.
set -euo pipefail
# shellcheck source=scripts/lib-drill.sh
. "$(dirname "$0")/lib-drill.sh"
drill "$@"
hook KAFKA_STOP_CMD KAFKA_START_CMD

last_opening() { # when it opened last, as the history tells
  breaker 'next((h["at"] for h in d["history"] if h["to"] == "OPEN"), "never")'
}

has_opened() {
  local at
  at="$(last_opening)" && [ -n "$at" ] && [ "$at" != "$opened_before" ]
}

is_closed() {
  [ "$(breaker 'd["state"] + " " + str(d["stale"])')" = "CLOSED False" ]
}

are_as_fast() { # the last five; pays again when they were not, for something else may have held them up
  slow="$(median 5)"
  [ "$(calc 'n[1] <= max(3 * n[0], n[0] + 0.05)' "$fast" "$slow")" = True ] || {
    pays 5
    return 1
  }
}

healthy

step "initial state"
until_true 15 "the breaker is CLOSED, and a relay reports it" is_closed
opened_before="$(last_opening)"
fine "CLOSED; last opened: $opened_before"

step "five payments"
pays 5
all_posted
fast="$(median 5)"
fine "answered in $fast s (median)"

step "stop Kafka"
break_it "$KAFKA_STOP_CMD" "$KAFKA_START_CMD"
fine "done: $KAFKA_STOP_CMD"

step "payments while it is down"
pays 5 1
for id in "${paid[@]: -5}"; do
  [ "$(events_of "$id" 'e["publishedAt"] or "waits"')" = waits ] || lie "payment $id was published: Kafka is not down"
done
until_true "$((patience / 2))" "payments are as fast as before, $fast s" are_as_fast
fine "answered in $slow s (median), as fast as before; none is published"

step "the breaker opens"
waited_until=$((SECONDS + patience)) # 18 s at one payment a second, when a call was in flight
until has_opened; do
  [ "$SECONDS" -lt "$waited_until" ] || lie "not OPEN within $patience s; it is $(breaker 'd["state"]')"
  pays 1 1
done
fine "OPEN since $(last_opening)"

step "start Kafka"
fix_it
fine "done: $KAFKA_START_CMD"

step "recovery payments"
pays 5
fine "answered in $(median 5) s (median)"

step "CLOSED, the backlog drained, every posting there"
until_true "$((patience * 2))" "the breaker is CLOSED" is_closed
fine "CLOSED"
all_posted
if [ -n "$token" ]; then
  until_true "$patience" "the outbox is empty" outbox_is_empty
  fine "the outbox is empty"
fi
audit
