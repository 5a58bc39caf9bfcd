#!/usr/bin/env bash
# Builds the shop, frontend/ to frontend/dist, unless what lies there is of these sources. Where no Node is new enough,
# PyPI's is fetched.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup-env.sh run
.venv/bin/python -m stack.shop
echo "The shop is in frontend/dist."
