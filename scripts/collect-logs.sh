#!/usr/bin/env bash
# Gathers what explains a failure in build/pipeline/logs: the logs of the local platform, or each machine's support bundle.
# Without the admin token and the keys, which `make run` prints.
set -euo pipefail
# shellcheck source=scripts/lib-pipeline.sh
. "$(dirname "$0")/lib-pipeline.sh"

logs="$made/logs"
rm -rf "$logs"
mkdir -p "$logs"
if [ "$target" != local ]; then
  play support-bundle.yml -e "support_folder=$PWD/$logs"
elif [ -e "$PAYOPS_STATE/output" ]; then
  sed -E 's/^( *admin token +).*/\1(not kept)/; s/po_(live|test|oper)_[0-9A-Za-z_]+/(not kept)/g' \
    "$PAYOPS_STATE/output" >"$logs/output.log"
  cp "$PAYOPS_STATE"/logs/* "$logs/"
else
  echo "Nothing was brought up: no logs." | tee "$logs/output.log"
fi
