#!/usr/bin/env bash
# Types and style of frontend/, with the Node and the packages that the shop is built with.
set -euo pipefail
cd "$(dirname "$0")/../frontend"

node="$(cd .. && .venv/bin/python -c 'from stack import shop; print(shop.with_packages().node)')"
"$node" node_modules/typescript/bin/tsc
"$node" node_modules/eslint/bin/eslint.js . --max-warnings 0 --cache --cache-location ../.cache/shop/eslint
