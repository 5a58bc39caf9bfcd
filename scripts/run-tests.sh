#!/usr/bin/env bash
# What `make test` does: installs what is missing, then lint and every test in stages, and prints the minutes of each.
# All stages run even when one fails. `--long` runs the long variants. `--unit` runs what needs no server; anything else
# is handed to pytest (`make test T=path`): neither stages nor coverage.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib-stages.sh
. scripts/lib-stages.sh

long=()
if [ "${1:-}" = --long ]; then
  long=(--long)
  shift
fi
least_coverage=90 # percent of branches and lines of app, payments and worker
coverage_files="$PWD/.cache/coverage"
py=.venv/bin/python
options=(--quiet --durations 10 --durations-min 20)
failed=()

stage() { # stage NAME beside|alone COMMAND...: run it, remember how long it took and whether it failed
  local name="$1" turn="$2" started computed result=passed
  shift 2
  echo
  echo "== $name"
  take_turn "$turn"
  started=$SECONDS
  cpu_seconds
  computed=$cpu
  "$@" 8>&- || result=FAILED
  end_turn
  if [ "$result" = FAILED ]; then failed+=("$name"); fi
  cpu_seconds
  note_stage "$name" "$((SECONDS - started))" "$((cpu - computed))" "$result"
  echo "== $name: $result after $((SECONDS - started)) s"
}

set_up() {
  scripts/install-servers.sh && scripts/setup-env.sh dev && "$py" -m stack.kafka && "$py" -m stack.shop
}

# Coverage doubles the CPU time of what it measures, and both cores are busy: it is taken of the rules, the contracts, the
# API and the commands, and of every process of the platform in the stages alone and browser.
tests() { # tests FOLDER OPTIONS...: under coverage, also of the processes that the tests start
  COVERAGE_FILE="$coverage_files/data" "$py" -m coverage run -m pytest "${options[@]}" ${long[@]+"${long[@]}"} "$@"
}

unmeasured() { # unmeasured FOLDER OPTIONS...: without coverage
  "$py" -m pytest "${options[@]}" ${long[@]+"${long[@]}"} "$@"
}

browser() { # the shop: what it computes, then what it does in Chromium
  scripts/test-shop.sh && tests tests/browser
}

coverage_report() {
  export COVERAGE_FILE="$coverage_files/data"
  "$py" -m coverage combine --quiet && "$py" -m coverage report --skip-covered --fail-under="$least_coverage"
}

report() {
  print_stages
  if [ "${#failed[@]}" -gt 0 ]; then
    echo "Failed: ${failed[*]}." >&2
    exit 1
  fi
}

case "${1:-}" in
  "") ;;
  --unit) scripts/setup-env.sh dev && exec "$py" -m pytest -q tests/unit tests/stories -k "not [mariadb" ;;
  tests/unit* | tests/repo*) scripts/setup-env.sh dev && exec "$py" -m pytest "$@" ;;
  *) set_up && exec "$py" -m pytest "$@" ;;
esac

stage set-up alone set_up
if [ "${#failed[@]}" -gt 0 ]; then report; fi
rm -rf "$coverage_files"
mkdir -p "$coverage_files"
cores=(-n 2 --dist loadfile) # by file: fixtures of a module start once
many=4 # these mostly wait
if [ -n "${PAYOPS_TURNS:-}" ]; then many=3; fi # the machines' tests beside have a longer way to go, on the same cores
waits=(-n "$many" --dist loadfile --no-loadscope-reorder -m "not alone") # the long ones come first
stage alone alone tests tests/e2e -m alone # first: nothing that runs beside has begun to wait for it
stage lint beside scripts/lint.sh
stage unit beside tests tests/unit tests/stories "${cores[@]}"
measured=(tests/contracts tests/integration/api tests/integration/cli)
stage contracts beside tests "${measured[@]}" "${cores[@]}"
stage servers beside unmeasured tests/e2e tests/integration tests/clients tests/psp "${measured[@]/#/--ignore=}" "${waits[@]}"
stage browser beside browser
stage coverage beside coverage_report
report
