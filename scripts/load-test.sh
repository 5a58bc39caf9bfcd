#!/usr/bin/env bash
# A short load by k6, whose thresholds decide: scripts/load-test.sh [--base-url http://host:port]
# RATE (payments a second) and DURATION steer it. KEYS_FILE or API_KEY has the keys, where the platform needs some.
# The summary is written to build/pipeline/reports/k6-summary.json.
set -euo pipefail
# shellcheck source=scripts/lib-pipeline.sh
. "$(dirname "$0")/lib-pipeline.sh"

base_url=""
if [ "${1:-}" = --base-url ]; then base_url="${2:?--base-url needs an address}"; fi
scripts/setup-env.sh dev
if [ -z "$base_url" ]; then
  find_address
  find_keys
fi
mkdir -p "$reports"
export SUMMARY="$reports/k6-summary.json"
rm -f "$SUMMARY"
BASE_URL="$base_url" .venv/bin/k6 run --quiet --no-usage-report --no-color k6/smoke.js
[ -s "$SUMMARY" ] || fail "k6 wrote no summary."
