#!/usr/bin/env bash
# Waits until /health says UP: scripts/wait-for-health.sh [--seconds 10] [--base-url https://host] [--ca FILE]
# Tells what is not up yet. Fails at once when the local platform has ended, and when the seconds are over.
set -euo pipefail
# shellcheck source=scripts/lib-pipeline.sh
. "$(dirname "$0")/lib-pipeline.sh"

seconds=10 base_url=""
while [ $# -gt 0 ]; do
  case "$1" in
    --seconds) seconds="${2:?--seconds needs a number}" && shift 2 ;;
    --base-url) base_url="${2:?--base-url needs an address}" && shift 2 ;;
    --ca) export PAYOPS_CA="${2:?--ca needs a file}" && shift 2 ;;
    *) fail "Unknown option $1; usage: ${0##*/} [--seconds N] [--base-url URL] [--ca FILE]" ;;
  esac
done
is_ours="" # whether we can see that it ended
if [ "$target" = local ] && [ -z "$base_url" ]; then is_ours=yes; fi
find_address

summary() { # one line of what /health says, or why it says nothing; "UP" when all is well
  { curl -sS ${trusted[@]+"${trusted[@]}"} --max-time 3 "$base_url/health" 2>&1 || true; } | python3 -I -S -c 'import json, sys
said = sys.stdin.read()
try:
    health = json.loads(said)
    parts = health["components"].items()
    down = ["{} is {}: {}".format(name, c["status"], c["detail"]) for name, c in parts if c["status"] != "UP"]
    print("; ".join(down) or health["status"])
except (ValueError, KeyError, TypeError):
    print(said.strip() or "no answer")'
}

deadline=$((SECONDS + seconds)) known=""
while true; do
  now="$(summary)"
  if [ "$now" != "$known" ]; then echo "$now"; fi
  known="$now"
  [ "$now" != UP ] || exit 0
  if [ -n "$is_ours" ]; then
    .venv/bin/python -m stack.stop --show-port >/dev/null || fail "It ended: $(tail -n 20 "$PAYOPS_STATE/output")"
  fi
  [ "$SECONDS" -lt "$deadline" ] || fail "$base_url is not UP after $seconds s: $now"
  sleep 0.2
done
