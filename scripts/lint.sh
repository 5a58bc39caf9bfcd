#!/usr/bin/env bash
# What `make lint` checks, all of it even when some fails. Needs .venv with the dev group.
# Names choose some of the checks: scripts/lint.sh ruff format
set -euo pipefail
cd "$(dirname "$0")/.."

bin=.venv/bin
failed=()
known=()
chosen=" $* "

check() {
  local name="$1"
  shift
  known+=("$name")
  if [ "$chosen" != "  " ] && [[ "$chosen" != *" $name "* ]]; then return 0; fi
  "$@" || failed+=("$name")
}

check ruff "$bin/ruff" check --quiet
check format "$bin/ruff" format --check --quiet
check types "$bin/mypy"
check imports "$bin/lint-imports"
check shellcheck "$bin/shellcheck" scripts/*.sh .ci/run vagrant/*.sh vagrant/box/*.sh
check shop scripts/lint-shop.sh
check rules "$bin/python" -m pytest -q -p no:cacheprovider tests/repo

for name in "$@"; do
  [[ " ${known[*]} " == *" $name "* ]] || failed+=("$name (there are ${known[*]})")
done
if [ "${#failed[@]}" -gt 0 ]; then
  echo "Failed: ${failed[*]}." >&2
  exit 1
fi
