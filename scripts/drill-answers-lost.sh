#!/usr/bin/env bash
# Drill: the acquirer does what it is asked, and its answers are lost. Callers are told that it is being processed, the
# platform finds out by itself, and nothing happens twice.
# Options: --base-url, --preset; hooks ACQUIRER_LOSE_CMD (it sends $lost to the simulator's /_control/faults) and
# ACQUIRER_ANSWER_CMD.
set -euo pipefail
# shellcheck source=scripts/lib-drill.sh
. "$(dirname "$0")/lib-drill.sh"
# shellcheck source=scripts/lib-drill-acquirer.sh
. scripts/lib-drill-acquirer.sh
drill "$@"
hook ACQUIRER_LOSE_CMD ACQUIRER_ANSWER_CMD

healthy
connected

step "an order"
asks 200 "an order" buy "$drill_id-1"
first="$(json 'd["paymentId"]' <"$scratch/body")"
fine "order $first"

step "the acquirer's answers get lost"
break_it "$ACQUIRER_LOSE_CMD" "$ACQUIRER_ANSWER_CMD"
fine "done"

step "an order and a capture whose answers are lost"
asks 202 "the answer is lost, and an order" buy "$drill_id-2"
second="$(json 'd["paymentId"]' <"$scratch/body")"
fine "order $second: 202 after $seconds s"
asks 202 "the answer is lost, and a capture" take "$first" "$drill_id-take-1"
fine "the capture of order $first: 202 after $seconds s"

step "nobody knows, and nobody says more"
is_order "$second" PROCESSING || lie "order $second is $(order "$second" 'd["status"]')"
buy "$drill_id-2"
answered 202 "the outcome is not known, and the same order"
is_order "$first" AUTHORIZED || lie "order $first is $(order "$first" 'd["status"]')"
fine "order $second is PROCESSING, also for its own key; order $first is not CAPTURED"

step "the acquirer's answers come again"
fix_it
until_true "$patience" "the same key is answered 200" succeeds buy "$drill_id-2"
[ "$(json 'd["paymentId"]' <"$scratch/body")" = "$second" ] || lie "one key made two orders"
until_true "$patience" "order $first is captured" is_order "$first" CAPTURED
fine "order $second is AUTHORIZED and order $first is CAPTURED, by the acquirer's word"

step "orders as before"
asks 200 "a capture" take "$second" "$drill_id-take-2"
asks 200 "an order" buy "$drill_id-3"
third="$(json 'd["paymentId"]' <"$scratch/body")"
asks 200 "a capture" take "$third" "$drill_id-take-3"
each_once "$first" "$second" "$third"
audit
