#!/usr/bin/env bash
# Brings the platform up for the stages that follow. TARGET=local: `make run` in the background, on PORT or a free port,
# with a new state in PAYOPS_STATE (what an earlier one left there is stopped and removed). TARGET=vagrant|inventory: the
# wheel of this tree, deployed by Ansible. Returns when the platform has begun; scripts/wait-for-health.sh waits for it.
set -euo pipefail
# shellcheck source=scripts/lib-pipeline.sh
. "$(dirname "$0")/lib-pipeline.sh"

begin_seconds=120 # with packages to fetch; 1 to 2 s when they are there

run_here() {
  scripts/setup-env.sh run
  scripts/clean-up.sh
  mkdir -p "$(dirname "$PAYOPS_STATE")"
  mkdir -m 700 "$PAYOPS_STATE"
  local port output="$PAYOPS_STATE/output"
  port="${PORT:-$(.venv/bin/python -c 'from stack.ports import free_port; print(free_port())')}"
  # A session of its own and another cookie: it outlives the build, unless AUTO_CLEANUP stops it.
  JENKINS_NODE_COOKIE=dontKillMe PORT="$port" WORKER_METRICS_PORT=0 setsid make --no-print-directory run \
    </dev/null >"$output" 2>&1 &
  local started=$! deadline=$((SECONDS + begin_seconds))
  until [ -s "$PAYOPS_STATE/running.json" ]; do
    kill -0 "$started" 2>/dev/null || fail "\`make run\` ended: $(cat "$output")"
    [ "$SECONDS" -lt "$deadline" ] || fail "\`make run\` has not begun within $begin_seconds s: $(cat "$output")"
    sleep 0.1
  done
  echo "Starting on http://127.0.0.1:$port; its output is in $output."
}

deploy() {
  scripts/build-release.sh
  play deploy.yml -e "payops_release=$(cat dist/VERSION)"
}

if [ "$target" = local ]; then run_here; else deploy; fi
