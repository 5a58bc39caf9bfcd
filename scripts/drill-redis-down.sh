#!/usr/bin/env bash
# Drill: Redis stops and comes back. Payments pass without limits, repeated keys still get their answers.
# Options: --base-url, --preset; hooks REDIS_STOP_CMD and REDIS_START_CMD.
set -euo pipefail
# shellcheck source=scripts/lib-drill.sh
. "$(dirname "$0")/lib-drill.sh"
drill "$@"
hook REDIS_STOP_CMD REDIS_START_CMD

redis_is() {
  [ "$(component redis)" = "$1" ]
}

repeated() { # repeated NUMBER: the same key gives the same payment
  pay "$drill_id-$1"
  [ "$(json 'd["paymentId"]' <"$scratch/body")" = "${paid[$1 - 1]}" ] || lie "key $1 was answered $(cat "$scratch/body")"
}

# One request a second asks Redis again and waits 50 ms for it; the median of nine is another one. It is tried again, for
# what else the machine does may hold up nine payments, too.
are_as_fast() {
  pays 9
  slow="$(median 9)"
  [ "$(calc 'n[1] <= max(3 * n[0], n[0] + 0.1)' "$fast" "$slow")" = True ]
}

healthy

step "five payments"
pays 5
fast="$(median 5)"
fine "answered in $fast s (median)"

step "stop Redis"
break_it "$REDIS_STOP_CMD" "$REDIS_START_CMD"
until_true "$((patience / 4))" "/health says that Redis does not answer" redis_is DEGRADED
is DEGRADED /health 'd["status"]' || lie "/health is not DEGRADED"
fine "DEGRADED, not DOWN"

step "payments while it is down"
until_true "$((patience / 4))" "payments are as fast as before, $fast s" are_as_fast
fine "answered in $slow s (median)"

step "repeated keys while it is down"
repeated 1
repeated 10
fine "the same payments: the database knows them"

step "start Redis"
fix_it
until_true "$patience" "/health says UP" is_well
fine "UP"

step "every payment is there once"
repeated 1
repeated 10
pays 1
all_posted
audit
