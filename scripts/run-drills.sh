#!/usr/bin/env bash
# What `make drills` does: every drill, against the `make run` of this folder (options are passed on: --base-url …).
# All of them run even when one fails.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=()
for drill in scripts/test-circuit-breaker.sh scripts/drill-*.sh; do
  code=0
  "$drill" "$@" || code=$?
  case "$code" in
    0) ;;
    2 | 130 | 143) exit "$code" ;;
    *) failed+=("$drill") ;;
  esac
  echo
done
if [ "${#failed[@]}" -gt 0 ]; then
  echo "Failed: ${failed[*]}." >&2
  exit 1
fi
echo "All drills passed."
