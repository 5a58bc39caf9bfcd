#!/usr/bin/env bash
# Drill: the database stops for a while. Every request is answered in time, nothing is lost, nothing becomes a dead letter.
# Options: --base-url, --preset; hooks DATABASE_STOP_CMD and DATABASE_START_CMD; DATABASE_READS is the status of
# reads meanwhile: 503, or 200 where only writers are held up (the preset `run` locks SQLite's file).
set -euo pipefail
# shellcheck source=scripts/lib-drill.sh
. "$(dirname "$0")/lib-drill.sh"
drill "$@"
hook DATABASE_STOP_CMD DATABASE_START_CMD
reads="${DATABASE_READS:-503}"

in_time() { # in_time WHAT: the last request was answered within 5 s (and half a second for the network)
  [ "$(calc 'n[0] < 5.5' "$seconds")" = True ] || lie "$1 took $seconds s"
}

refused() { # refused KEY: not done, or not known whether; the same key may be sent again
  pay "$1"
  [ "$status" = 503 ] || lie "the database is down, and a payment was answered $status"
  in_time "a refused payment"
}

ask() { # ask NAME PATH: in the background, with a folder of its own
  scratch="$scratch/$1"
  mkdir "$scratch"
  request "$2"
  echo "$status $seconds" >"$scratch/answer"
}

heard() { # heard NAME STATUS: what was answered to `ask NAME`
  read -r status seconds <"$scratch/$1/answer"
  [ "$status" = "$2" ] || lie "$1 was answered $status, not $2"
  in_time "$1"
  fine "$1: $status after $seconds s"
}

pays_again() { # pays_again KEY
  pay "$1"
  [ "$status" = 200 ]
}

open_dead_letters() {
  shown /operations 'd["deadLettersOpen"]'
}

healthy

step "five payments"
pays 5
all_posted
dead_letters="$(open_dead_letters || true)"

step "stop the database"
break_it "$DATABASE_STOP_CMD" "$DATABASE_START_CMD"
fine "done: $DATABASE_STOP_CMD"

step "a payment, reads and health while it is down"
ask read "$(payment "${paid[0]}")" & asked=($!)
ask ready /health/ready & asked+=($!)
ask live /health/live & asked+=($!)
refused "$drill_id-down"
fine "the payment: 503 after $seconds s, $(json 'd["code"]' <"$scratch/body")"
wait "${asked[@]}"
heard read "$reads"
heard ready "$reads"
heard live 200

step "start the database"
fix_it
fine "done: $DATABASE_START_CMD"

step "the refused payment again, and five more"
until_true "$patience" "the refused payment succeeds with its own key" pays_again "$drill_id-down"
id="$(json 'd["paymentId"]' <"$scratch/body")"
pay "$drill_id-down"
[ "$(json 'd["paymentId"]' <"$scratch/body")" = "$id" ] || lie "one key made two payments"
paid+=("$id")
pays 5
all_posted
until_true "$patience" "/health says UP" is_well

step "a pause makes no dead letters"
[ "$(open_dead_letters || true)" = "$dead_letters" ] || lie "there were $dead_letters open dead letters, now $(open_dead_letters)"
fine "${dead_letters:-unknown number of} open dead letters, as before"
audit
