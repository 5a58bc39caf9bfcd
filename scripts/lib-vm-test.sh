# shellcheck shell=bash
# For run-vm-tests.sh: stages with their minutes, logs, and the removal of every machine by its name. Sourced.

# shellcheck source=scripts/lib-stages.sh
. scripts/lib-stages.sh
logs=.state/vm-test

say() { echo "$(date +%T)  $*"; }

# stage NAME beside|alone|idle COMMAND...: everything it says goes to a log; what tells how far it is goes to the terminal as
# well. The first stage that fails ends the run. Descriptors 8 and 9 are locks: a machine that inherited one would hold it
# for ever.
stage() {
  local name="$1" turn="$2" log="$logs/$1.log" started computed code=0
  shift 2
  take_turn "$turn"
  started=$SECONDS
  cpu_seconds
  computed=$cpu
  say "== $name (log: $log)"
  set +e
  (
    set -e
    if [ "$turn" = idle ]; then compute_when_idle; fi
    "$@"
  ) 8>&- 9>&- </dev/null 2>&1 | tee "$log" | show_progress
  code="${PIPESTATUS[0]}"
  set -e
  end_turn
  cpu_seconds
  note_stage "$name" "$((SECONDS - started))" "$((cpu - computed))"
  [ "$code" = 0 ] || give_up "$name" "$log"
}

show_progress() { # headings of plays and machines, results of tests; the rest is in the log
  grep --line-buffered -E '^ *(PLAY \[|==> [a-z-]+: (Importing|Machine booted|Destroying)|tests/|[0-9]+ (passed|failed)|=+ )' |
    grep --line-buffered -vE '^=+$' || true
}

give_up() {
  echo
  tail -n 60 "$2" >&2
  print_stages
  echo "Failed: $1; the end of its log is above, all of it in $2." >&2
  exit 1
}

machine_names() { # of all environments: a killed run may have been another one's
  local environment
  for environment in full single; do ruby vagrant/environment.rb "$environment" | cut -d' ' -f1; done
}

# Right also when a run was killed half-way, in another checkout, or left a machine frozen.
remove_machines() {
  local name
  for name in $(machine_names); do
    [ -d "/var/lib/lxc/$name" ] || continue
    if [ "$(lxc-info -n "$name" -sH)" != STOPPED ]; then lxc-stop -k -n "$name"; fi
    lxc-destroy -f -n "$name" >/dev/null
  done
  rm -rf .vagrant/machines
  stop_stand_ins
  vagrant/lxc-network.sh down
}

stop_stand_ins() { # of any checkout: they hold the port
  local pid
  for pid in $(ss -Hltnp 'sport = :8099' | sed -n 's/.*pid=\([0-9]*\).*/\1/p' | sort -u); do
    if tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q tests.stand_ins; then kill "$pid"; fi
  done
}

memory_of() { # memory_of NAME: MB of its own (processes, and files in its memory), MB of pages of files on its disk
  local folder
  for folder in "/sys/fs/cgroup/memory/lxc.payload.$1" "/sys/fs/cgroup/lxc.payload.$1"; do
    [ -e "$folder/memory.stat" ] || continue
    awk '$1 ~ /^(total_rss|anon)$/ {own = $2} $1 ~ /^(total_cache|file)$/ {pages = $2} $1 ~ /^(total_)?shmem$/ {shared = $2}
      END {printf "%d %d\n", (own + shared) / 2^20, (pages - shared) / 2^20}' "$folder/memory.stat"
  done
}

memory() { # what each machine takes
  local name own pages
  for name in $(ruby vagrant/environment.rb "$PAYOPS_ENV" | cut -d' ' -f1); do
    read -r own pages <<<"$(memory_of "$name")"
    printf '%-12s %5d MB of its own, %5d MB of file pages\n' "$name" "$own" "$pages"
  done
}
