#!/usr/bin/env bash
# Removes what make makes in this folder. Stops nothing: it refuses while the platform runs.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -x .venv/bin/python ] && [ -d .state ] &&
  ! .venv/bin/python -c '
import pathlib, stack.state as s, sys
sys.exit(not all(s.State(pathlib.Path(name)).is_free() for name in (".state", ".state/observe")))'
then
  echo "payops runs here, or is observed; stop it first (Ctrl-C where it was started)." >&2
  exit 1
fi
removed=()
for made in .state .cache .venv .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .schemathesis \
  .import_linter_cache build dist frontend/dist frontend/node_modules; do
  if [ -e "$made" ]; then
    rm -rf "$made"
    removed+=("$made")
  fi
done
echo "Removed: ${removed[*]:-nothing, it was clean}."
