#!/usr/bin/env bash
# Checks this tree and makes the release: lint, unit tests (JUnit report), wheel. All of them run even when one fails.
# BUILD_STEPS names some of them ("lint unit wheel"), LINT_CHECKS some of lint's, UNIT_TESTS the tests ("tests/unit").
# Leaves build/pipeline/reports/unit.xml and build/pipeline/release/.
set -euo pipefail
# shellcheck source=scripts/lib-pipeline.sh
. "$(dirname "$0")/lib-pipeline.sh"

read -ra steps <<<"${BUILD_STEPS:-lint unit wheel}"
read -ra checks <<<"${LINT_CHECKS:-}"
read -ra tests <<<"${UNIT_TESTS:-tests/unit}"
failed=()

unit() {
  .venv/bin/python -m pytest --quiet --numprocesses 2 --dist loadfile --junitxml "$reports/unit.xml" "${tests[@]}"
}

wheel() {
  local version
  scripts/build-release.sh || return
  version="$(cat dist/VERSION)" || return
  mkdir -p "$made/release" &&
    cp "dist/payops-$version-py3-none-any.whl" "dist/requirements-$version.txt" dist/VERSION "$made/release/"
}

rm -rf "$reports/unit.xml" "$made/release" # of an earlier build in the same folder
mkdir -p "$reports"
scripts/setup-env.sh dev
for step in "${steps[@]}"; do
  echo "== $step"
  case "$step" in
    lint) scripts/lint.sh ${checks[@]+"${checks[@]}"} ;;
    unit) unit ;;
    wheel) wheel ;;
    *) fail "BUILD_STEPS has lint, unit and wheel, not $step." ;;
  esac || failed+=("$step")
done
[ "${#failed[@]}" -eq 0 ] || fail "Failed: ${failed[*]}."
