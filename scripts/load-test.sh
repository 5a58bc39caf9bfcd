#!/usr/bin/env bash
# A short load by k6, whose thresholds decide: scripts/load-test.sh [--base-url https://host] [--ca FILE]
# RATE (payments a second) and DURATION steer it. KEYS_FILE or API_KEY has the keys, where the platform needs some.
# The summary is written to build/pipeline/reports/k6-summary.json.
set -euo pipefail
# shellcheck source=scripts/lib-pipeline.sh
. "$(dirname "$0")/lib-pipeline.sh"

base_url=""
while [ $# -gt 0 ]; do
  case "$1" in
    --base-url) base_url="${2:?--base-url needs an address}" && shift 2 ;;
    --ca) export PAYOPS_CA="${2:?--ca needs a file}" && shift 2 ;;
    *) fail "Unknown option $1; usage: ${0##*/} [--base-url URL] [--ca FILE]" ;;
  esac
done
scripts/setup-env.sh dev
given="$base_url"
find_address
if [ -z "$given" ]; then find_keys; fi
trust_in_k6
mkdir -p "$reports"
export SUMMARY="$reports/k6-summary.json"
rm -f "$SUMMARY"
BASE_URL="$base_url" .venv/bin/k6 run --quiet --no-usage-report --no-color k6/smoke.js
[ -s "$SUMMARY" ] || fail "k6 wrote no summary."
