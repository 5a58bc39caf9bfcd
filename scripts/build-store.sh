#!/usr/bin/env bash
# Builds the store, frontend/ to frontend/dist. Needs Node and npm, when there is a store.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ ! -e frontend/package.json ]; then
  echo "There is no store (frontend/package.json) in this tree: nothing to build."
  exit 0
fi
command -v npm >/dev/null 2>&1 || {
  echo "npm is missing; install Node 20 or newer." >&2
  exit 1
}
npm --prefix frontend ci --no-audit --no-fund
npm --prefix frontend run build
[ -s frontend/dist/index.html ] || {
  echo "The build left no frontend/dist/index.html." >&2
  exit 1
}
