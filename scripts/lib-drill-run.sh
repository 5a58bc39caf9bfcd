#!/usr/bin/env bash
# The drills' preset `run`: hooks for the `make run` of this folder (PAYOPS_STATE chooses another state).
# Where that needs keys they are those of the state folder, unless API_KEY and OPERATOR_KEY are given.
# Kafka and Redis are frozen, not killed: the embedded Kafka would lose its topics, and both would be restarted at once.
# shellcheck disable=SC2034,SC2154  # the drills share these variables

facts="$(.venv/bin/python - <<'PYTHON'
import os
from pathlib import Path
from stack.readiness import get_json
from stack.state import chosen

state = chosen(Path.cwd(), os.environ)
port = state.port()
if port is not None:
    needed = (get_json(f"http://127.0.0.1:{port}/health") or {}).get("auth") == "required"
    files = (state.merchant_key, state.operator_key)
    keys = [file.read_text() if needed and file.exists() else "" for file in files]
    kept = ("" if needed else state.token(), *keys, state.database.resolve(), state.socket)
    kept += (state.acquirer_address.read_text(), state.acquirer_token, state.bootstrap.read_text())
    print(port, *kept, sep="\n")
PYTHON
)" || facts=""
if [ -z "$facts" ]; then
  echo "payops does not run here; start it with \`make run\`." >&2
  exit 2
fi
{
  read -r port && read -r kept_token && read -r merchant_key && read -r operator_key
  read -r sqlite_file && read -r socket && read -r acquirer && read -r acquirer_token && read -r bootstrap
} <<<"$facts"
base_url="${base_url:-http://127.0.0.1:$port}"
token="${token:-$kept_token}"
API_KEY="${API_KEY:-$merchant_key}" OPERATOR_KEY="${OPERATOR_KEY:-$operator_key}" # empty where keys are optional
database_url="sqlite:///$sqlite_file"
DATABASE_READS=200 # a reader of SQLite does not wait for a writer

send() { # send SIGNAL PROGRAM: to a program that supervisord keeps alive
  local pid
  pid="$(.venv/bin/python -c 'import sys
from stack.supervision import Supervisor
for process in Supervisor(f"unix://{sys.argv[1]}").states():
    if process["name"] == sys.argv[2]:
        print(process["pid"])' "$socket" "$2")"
  kill "-$1" "$pid"
}

supervised() { # supervised stop|start GROUP:PROGRAM: supervisord does not start again what it was told to stop
  .venv/bin/python -c 'import sys
from stack.supervision import Supervisor
getattr(Supervisor(f"unix://{sys.argv[1]}"), sys.argv[2])(sys.argv[3])' "$socket" "$1" "$2"
}

faults() { # faults METHOD [JSON]: of the acquirer's simulator
  curl -fsS -o /dev/null --max-time 10 -X "$1" "$acquirer/_control/faults" ${2:+-H 'Content-Type: application/json' -d "$2"} \
    --config <(printf 'header = "Authorization: Bearer %s"\n' "$(cat "$acquirer_token")")
}

lock_sqlite() { # as a writer that does not come to an end; ends by itself when this script is killed
  python3 -I -S -c 'import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(60)' "$sqlite_file" >"$scratch/locked" &
  locker=$!
  until_true 10 "the database's file is locked" test -s "$scratch/locked"
}

unlock_sqlite() {
  kill "$locker"
  wait "$locker" 2>/dev/null || true
}

: "${KAFKA_STOP_CMD:=send STOP broker}" "${KAFKA_START_CMD:=send CONT broker}"
: "${REDIS_STOP_CMD:=send STOP redis}" "${REDIS_START_CMD:=send CONT redis}"
: "${ACQUIRER_STOP_CMD:=supervised stop platform:psp}" "${ACQUIRER_START_CMD:=supervised start platform:psp}"
: "${ACQUIRER_LOSE_CMD:=faults PUT \"\$lost\"}" "${ACQUIRER_ANSWER_CMD:=faults DELETE}"
: "${DATABASE_STOP_CMD:=lock_sqlite}" "${DATABASE_START_CMD:=unlock_sqlite}"
: "${RELAY_KILL_CMD:=send KILL relay}" "${LEDGER_KILL_CMD:=send KILL ledger}" # supervisord starts them again
: "${RELAY_START_CMD:=true}" "${LEDGER_START_CMD:=true}"
