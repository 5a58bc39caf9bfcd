#!/usr/bin/env bash
# Follows one payment through the whole platform, to its ledger entries, as a shop and an accountant would see it.
# Options: --base-url, --preset run|test|vagrant, as the drills have them; without: the `make run` of this folder.
set -euo pipefail
# shellcheck source=scripts/lib-drill.sh
. "$(dirname "$0")/lib-drill.sh"
drill "$@"

authorized="('customer_hold', 'hold_clearing', 1000)"
captured="('hold_clearing', 'customer_hold', 600), ('acquirer_receivable', 'merchant_payable', 600)"
entries='sorted(((p["eventId"], p["postingNo"]), p["debitAccount"], p["creditAccount"], p["amount"]) for p in d["ledgerEntries"])'

is_booked() {
  [ "$(shown "$(payment "$id")" "[entry[1:] for entry in $entries]")" = "[$authorized, $captured]" ]
}

money() { # money PATH BODY: must be answered 200
  request "$1" -H 'Content-Type: application/json' -d "$2"
  [ "$status" = 200 ] || lie "$1 was answered $status: $(cat "$scratch/body")"
}

healthy

step "authorize 1000 KRW"
pays 1
id="${paid[0]}"
fine "payment $id"

step "the same key again"
pay "$drill_id-1"
[ "$(json 'd["paymentId"]' <"$scratch/body")" = "$id" ] || lie "one key made two payments: $(cat "$scratch/body")"
fine "the same payment"

step "capture 600 of it"
money "/payments/capture/$id" "{$named\"amount\":600}"
is PARTIALLY_CAPTURED "$(payment "$id")" 'd["status"]' || lie "it is $(cat "$scratch/body")"
fine "PARTIALLY_CAPTURED"

step "its ledger entries"
until_true "$patience" "the entries are $authorized, $captured" is_booked
fine "$authorized, $captured"
