#!/usr/bin/env bash
# The shop's own tests: amounts, keys, the client, texts. What needs a browser is in tests/browser.
set -euo pipefail
cd "$(dirname "$0")/../frontend"

node="$(cd .. && .venv/bin/python -c 'from stack import shop; print(shop.with_packages().node)')"
"$node" node_modules/vitest/vitest.mjs run --silent
