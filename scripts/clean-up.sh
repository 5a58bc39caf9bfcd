#!/usr/bin/env bash
# Stops what scripts/bring-up.sh started here and removes its state, payments and all. May be repeated.
# Machines (TARGET=vagrant|inventory) stay as they are: what was deployed is there to be used.
set -euo pipefail
# shellcheck source=scripts/lib-pipeline.sh
. "$(dirname "$0")/lib-pipeline.sh"

if [ "$target" != local ]; then
  echo "TARGET=$target: the machines stay as they are."
  exit 0
fi
if [ -e "$PAYOPS_STATE" ]; then
  .venv/bin/python -m stack.stop
  rm -rf "$PAYOPS_STATE"
  echo "Removed: $PAYOPS_STATE."
else
  echo "Nothing was brought up in $PAYOPS_STATE."
fi
