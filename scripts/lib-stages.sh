# shellcheck shell=bash
# For run-tests.sh, run-pipeline-tests.sh and run-vm-tests.sh: minutes of stages, and turns between runs that share this
# machine (PAYOPS_TURNS names a lock file; unset: the run has the machine to itself). Sourced.

table=()

tenths() { # seconds as minutes with one decimal, without a calculator
  echo "$(($1 / 60)).$(($1 % 60 / 6))"
}

# cpu_seconds: sets $cpu to what this shell's children have computed so far; what they left running does not count
cpu_seconds() {
  local file minutes seconds found
  file="$(mktemp)"
  times >"$file"
  cpu=0
  for found in $(tail -n 1 "$file"); do
    minutes="${found%%m*}"
    seconds="${found#*m}"
    cpu=$((cpu + 60 * minutes + ${seconds%%[.,]*}))
  done
  rm -f "$file"
}

note_stage() { # note_stage NAME SECONDS CPU_SECONDS [RESULT]: a line of the report
  table+=("$(printf '%-16s %7.1f %7.1f  %s' "$1" "$(tenths "$2")" "$(tenths "$3")" "${4:-}")")
}

print_stages() {
  echo
  echo "stage            minutes    CPU"
  printf '%s\n' "${table[@]}"
  cpu_seconds
  printf '%-16s %7.1f %7.1f\n' total "$(tenths "$SECONDS")" "$(tenths "$cpu")"
}

# take_turn beside: waits until no run is alone. take_turn alone: waits until no other run is in a stage, and keeps them
# out: for what holds seconds against a promise, or installs what all use. The one that waits longest is next: the gate is
# taken first. Commands of the stage must not inherit the lock (8>&-): a server that they leave behind would hold it.
# take_turn idle: waits for nobody; `compute_when_idle` lets the stage's subshell compute only when nobody else does.
take_turn() {
  [ -n "${PAYOPS_TURNS:-}" ] && [ "$1" != idle ] || return 0
  exec 7>"$PAYOPS_TURNS.gate" 8>"$PAYOPS_TURNS"
  flock 7
  case "$1" in
    beside) flock --shared 8 ;;
    alone) flock --exclusive 8 ;;
    *) echo "A stage runs beside others, alone or idle, not $1." >&2 && return 1 ;;
  esac
  exec 7>&-
}

end_turn() { exec 8>&-; }

compute_when_idle() { chrt --idle --pid 0 "$BASHPID"; }
