#!/usr/bin/env bash
# Drill: the acquirer is down. What needs it is refused in time and moves nothing; other merchants pay as always; when
# it is back, the refused requests succeed with their own keys.
# Options: --base-url, --preset; hooks ACQUIRER_STOP_CMD and ACQUIRER_START_CMD.
set -euo pipefail
# shellcheck source=scripts/lib-drill.sh
. "$(dirname "$0")/lib-drill.sh"
# shellcheck source=scripts/lib-drill-acquirer.sh
. scripts/lib-drill-acquirer.sh
drill "$@"
hook ACQUIRER_STOP_CMD ACQUIRER_START_CMD

refused() { # refused WHAT: the last request, because nothing was sent
  answered 503 "the acquirer is down, and $1"
  [ "$(json 'd["code"]' <"$scratch/body")" = ACQUIRER_UNAVAILABLE ] || lie "$1 was answered $(cat "$scratch/body")"
}

healthy
connected

step "two orders, one of them captured"
for number in 1 2; do
  asks 200 "order $number" buy "$drill_id-$number"
  bought[number]="$(json 'd["paymentId"]' <"$scratch/body")"
done
asks 200 "a capture" take "${bought[1]}" "$drill_id-take-1"
fine "orders ${bought[*]}"

step "stop the acquirer"
break_it "$ACQUIRER_STOP_CMD" "$ACQUIRER_START_CMD"
fine "done: $ACQUIRER_STOP_CMD"

step "orders and captures while it is down"
for number in 3 4 5 6 7 8 9; do
  buy "$drill_id-$number"
  refused "an order"
done
take "${bought[2]}" "$drill_id-take-2"
refused "a capture"
is_order "${bought[2]}" AUTHORIZED || lie "order ${bought[2]} is $(order "${bought[2]}" 'd["status"]') after a capture that was refused"
fine "503 ACQUIRER_UNAVAILABLE after $seconds s; order ${bought[2]} is not captured"

step "five payments of a merchant without an acquirer"
pays 5
all_posted

step "start the acquirer"
fix_it
fine "done: $ACQUIRER_START_CMD"

step "the refused requests again, with their own keys"
until_true "$patience" "the refused order succeeds" succeeds buy "$drill_id-3"
bought[3]="$(json 'd["paymentId"]' <"$scratch/body")"
buy "$drill_id-3"
[ "$(json 'd["paymentId"]' <"$scratch/body")" = "${bought[3]}" ] || lie "one key made two orders"
until_true "$patience" "the refused capture succeeds" succeeds take "${bought[2]}" "$drill_id-take-2"
until_true "$patience" "order ${bought[3]} is captured" succeeds take "${bought[3]}" "$drill_id-take-3"
each_once "${bought[@]}"
audit
