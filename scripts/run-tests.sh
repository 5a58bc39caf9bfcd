#!/usr/bin/env bash
# What `make test` does: installs what is missing, then lint and every test in stages, and prints the minutes of each.
# All stages run even when one fails. `--long` runs the long variants.
set -euo pipefail
cd "$(dirname "$0")/.."

long=()
if [ "${1:-}" = --long ]; then long=(--long); fi
least_coverage=90 # percent of branches and lines of app, payments and worker
coverage_files="$PWD/.cache/coverage"
py=.venv/bin/python
table=()
failed=()

stage() { # stage NAME COMMAND...: run it, remember how long it took and whether it failed
  local name="$1" started=$SECONDS result=passed
  shift
  echo
  echo "== $name"
  "$@" || result=FAILED
  if [ "$result" = FAILED ]; then failed+=("$name"); fi
  table+=("$(printf '%-14s %6.1f  %s' "$name" "$(tenths $((SECONDS - started)))" "$result")")
  echo "== $name: $result after $((SECONDS - started)) s"
}

tenths() { # seconds as minutes with one decimal, without a calculator
  echo "$(($1 / 60)).$(($1 % 60 / 6))"
}

set_up() {
  scripts/install-servers.sh && scripts/setup-env.sh dev && "$py" -m stack.kafka_jars && "$py" -m stack.store
}

tests() { # tests FOLDER OPTIONS...: under coverage, also of the processes that the tests start
  COVERAGE_FILE="$coverage_files/data" "$py" -m coverage run -m pytest --quiet ${long[@]+"${long[@]}"} "$@"
}

browser() { # the store: what it computes, then what it does in Chromium
  scripts/test-store.sh && tests tests/browser
}

coverage_report() {
  export COVERAGE_FILE="$coverage_files/data"
  "$py" -m coverage combine --quiet && "$py" -m coverage report --skip-covered --fail-under="$least_coverage"
}

report() {
  echo
  echo "stage         minutes"
  printf '%s\n' "${table[@]}"
  printf '%-14s %6.1f\n' total "$(tenths "$SECONDS")"
  if [ "${#failed[@]}" -gt 0 ]; then
    echo "Failed: ${failed[*]}." >&2
    exit 1
  fi
}

stage set-up set_up
if [ "${#failed[@]}" -gt 0 ]; then report; fi
rm -rf "$coverage_files"
mkdir -p "$coverage_files"
cores=(-n 2 --dist loadfile) # by file: fixtures of a module start once
waits=(-n 4 --dist loadfile --no-loadscope-reorder -m "not alone") # these mostly wait; the long ones come first
stage lint scripts/lint.sh
stage unit tests tests/unit "${cores[@]}"
stage contracts tests tests/contracts "${cores[@]}"
stage stories tests tests/stories "${cores[@]}"
stage servers tests tests/e2e tests/integration "${waits[@]}"
stage alone tests tests/e2e -m alone
stage browser browser
stage coverage coverage_report
report
