#!/usr/bin/env bash
# Drill: invalid messages arrive on Kafka. Each becomes a dead letter, and payments are still posted.
# Options: --base-url, --preset; KAFKA_BOOTSTRAP_SERVERS says where they go, OPERATOR_KEY is for the dead letters.
# They are few, so that the ledger does not halt; in the end the dead letters are discarded. Hook: POISON_CMD sends instead.
set -euo pipefail
# shellcheck source=scripts/lib-drill.sh
. "$(dirname "$0")/lib-drill.sh"
drill "$@"
[ -n "$bootstrap${POISON_CMD:-}" ] || usage "KAFKA_BOOTSTRAP_SERVERS is not set"

unknown='{"paymentId":999999999999,"amount":1,"occurredAt":"2020-01-01T00:00:00.000Z"}'
broken="{\"drill\": \"$drill_id\", this is not JSON"

poison() { # poison MESSAGE...: put them on a topic, and wait until the broker has them
  .venv/bin/python - "$bootstrap" "$@" <<'PYTHON'
import sys

from confluent_kafka import Producer

producer = Producer({"bootstrap.servers": sys.argv[1], "message.timeout.ms": 10_000})
for message in sys.argv[2:]:
    producer.produce("payment.captured", message.encode())
sys.exit(producer.flush(15))
PYTHON
}

newest() { # newest TYPE: the id of the newest open dead letter of a type; 0: there is none
  shown "/dead-letters?errorType=$1&state=OPEN&limit=1" '(d["items"] or [{"id": 0}])[0]["id"]'
}

is_newer() { # is_newer TYPE ID
  local found
  found="$(newest "$1")" && [ "${found:-0}" -gt "$2" ]
}

discard() { # discard ID
  request "/dead-letters/$1/discard" -H 'Content-Type: application/json' -d '{"reason":"sent by a drill"}'
  [ "$status" = 200 ] || lie "discarding dead letter $1 was answered $status: $(cat "$scratch/body")"
}

healthy
[ -n "$token" ] || refuse "OPERATOR_KEY is not set; the drill reads and discards dead letters with it."

step "five payments"
pays 5
all_posted
not_found="$(newest PaymentNotFound)" not_json="$(newest InvalidJson)"

step "an unknown payment and a text that is not JSON arrive"
break_it "${POISON_CMD:-poison \"\$unknown\" \"\$broken\"}" true
fix_it
pays 5
fine "and five payments beside them"

step "both are dead letters"
until_true "$((patience / 4))" "there is a dead letter PaymentNotFound" is_newer PaymentNotFound "$not_found"
until_true "$((patience / 4))" "there is a dead letter InvalidJson" is_newer InvalidJson "$not_json"
not_found="$(newest PaymentNotFound)" not_json="$(newest InvalidJson)"
[ "$(shown "/dead-letters/$not_found" 'd["payload"]')" = "$unknown" ] || lie "dead letter $not_found is another message"
[ "$(shown "/dead-letters/$not_json" 'd["payload"]')" = "$broken" ] || lie "dead letter $not_json is another message"
fine "dead letters $not_found and $not_json, with the texts as they came"

step "payments beside them are posted, the ledger goes on"
all_posted
[ "$(component ledger)" = UP ] || lie "the ledger is $(component ledger)"
fine "the ledger is UP"

step "discard the dead letters"
discard "$not_found"
discard "$not_json"
is DISCARDED "/dead-letters/$not_found" 'd["state"]' || lie "dead letter $not_found is not DISCARDED"
fine "done"
audit
