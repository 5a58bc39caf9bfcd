#!/usr/bin/env bash
# Builds the store, frontend/ to frontend/dist, unless what lies there is of these sources. Where no Node is new enough,
# PyPI's is fetched.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup-env.sh run
.venv/bin/python -m stack.store
echo "The store is in frontend/dist."
