#!/usr/bin/env bash
# What drills of the acquirer share: orders of the shop, whose merchant is paid at the acquirer's simulator.
# They need no key: anybody may order. Every request about them has its own idempotency key.
# shellcheck disable=SC2154  # variables of lib-drill.sh

# shellcheck disable=SC2034  # a hook's: the acquirer does what it is asked, the answer never comes, and no enquiry helps
lost='{"rules":[{"fault":"timeout_after_success","kinds":["authorization","capture"],"seconds":1},
  {"fault":"down","kinds":["enquiry","cancel"]}]}'

connected() { # ends the drill where the shop's payments are not made at an acquirer
  is simulator /shop/acquirer 'd["connector"]' || refuse "The shop's merchant is not paid at the simulator: $(cat "$scratch/body")"
}

buy() { # buy KEY
  request /shop/payments/authorize -H 'Content-Type: application/json' \
    -d "{\"amount\":1000,\"currency\":\"KRW\",\"paymentMethod\":\"tok_approved\",\"idempotencyKey\":\"$1\"}"
}

take() { # take ID KEY: capture all of it
  request "/shop/payments/capture/$1" -H 'Content-Type: application/json' -d "{\"idempotencyKey\":\"$2\"}"
}

answered() { # answered STATUS WHAT: the last answer has it, within 5 s (and half a second for the network)
  [ "$status" = "$1" ] || lie "$2 was answered $status, not $1: $(cat "$scratch/body")"
  [ "$(calc 'n[0] < 5.5' "$seconds")" = True ] || lie "$2 took $seconds s"
}

asks() { # asks STATUS WHAT COMMAND...: it is answered so, once a web worker's breaker that is still open lets it through
  until_true "$patience" "the breaker lets $2 through" is_let_through "${@:3}"
  answered "$1" "$2"
}

is_let_through() { # is_let_through COMMAND...: it is not refused with nothing sent, which asks for it again
  "$@"
  [ "$status" != 503 ] || [ "$(json 'd["code"]' <"$scratch/body")" != ACQUIRER_UNAVAILABLE ]
}

succeeds() { # succeeds COMMAND...: it is answered 200 now
  "$@"
  [ "$status" = 200 ]
}

order() { # order ID EXPRESSION: of the order as the shop shows it
  shown "/shop/payments/$1" "$2"
}

is_order() { # is_order ID STATUS
  [ "$(order "$1" 'd["status"]')" = "$2" ]
}

is_done_once() { # is_done_once ID: one authorization and one capture, both posted
  [ "$(order "$1" '(sorted(e["eventType"] for e in d["events"]), all(e["postedAt"] for e in d["events"]))')" = \
    "(['PAYMENT_AUTHORIZED', 'PAYMENT_CAPTURED'], True)" ]
}

each_once() { # each_once ID...
  local id
  for id in "$@"; do until_true "$patience" "order $id is authorized, captured and posted, each once" is_done_once "$id"; done
  fine "$# orders are authorized, captured and posted, each exactly once"
}
