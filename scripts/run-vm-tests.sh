#!/usr/bin/env bash
# What `make vm-test` does, on Debian 12 as root, from nothing: packages, box, `vagrant up --provider=lxc`, the playbook
# twice, checks inside and from outside, destroy. Prints the minutes of each stage; logs are in .state/vm-test/.
# PAYOPS_ENV=single: the small environment, without the proofs that need several machines. KEEP=1: leave them running.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib-vm-test.sh
. scripts/lib-vm-test.sh

export PAYOPS_ENV="${PAYOPS_ENV:-full}"
export VAGRANT_CHECKPOINT_DISABLE=1 VAGRANT_NO_COLOR=1 ANSIBLE_NOCOLOR=1 NO_COLOR=1 PYTHONUNBUFFERED=1 COLUMNS=120
# What cannot be had from the public registries comes from elsewhere; all else is as for real machines.
extra=(-e "@$PWD/tests/stand_ins/vars.yml" -e "@$PWD/.state/stand-ins/pins.yml" -e "@$PWD/tests/vm/ci.yml")
lock=/run/lock/payops-vm-test

[ "$(id -u)" = 0 ] || {
  echo "make vm-test makes containers and a bridge: run it as root." >&2
  exit 1
}
mkdir -p "$logs"
exec 9>"$lock" # names, addresses and the bridge are fixed: one run at a time
flock -n 9 || {
  say "Another run of vm-test is under way on this machine; waiting for it …"
  flock 9
}

set_up() {
  scripts/install-servers.sh vms
  scripts/setup-env.sh vms
  scripts/make-secrets.sh
}

box() {
  remove_machines
  vagrant/lxc-network.sh up
  vagrant/box/build-lxc-box.sh
}

up() { # the release is made meanwhile: the machines only copy files now
  local release
  scripts/build-release.sh &
  release=$!
  vagrant up --provider=lxc --no-provision
  wait "$release"
}

stand_ins() { tests/stand_ins/serve start 192.168.56.1; }

converge() { # by Vagrant's own provisioner, as `vagrant up` does it
  PAYOPS_ANSIBLE_ARGS="${extra[*]}" vagrant provision "$(machines | tail -n 1)"
}

playbook() { (cd ansible && ../.venv/bin/ansible-playbook "${extra[@]}" "$@"); }

# Mitogen keeps one Python running on each machine: a third of the time and of the CPU of what Ansible does by itself
# (docs/adr/0023-ci-runs-playbooks-by-mitogen.md).
by_mitogen() {
  ANSIBLE_STRATEGY_PLUGINS="$(.venv/bin/python -c 'import ansible_mitogen; print(*ansible_mitogen.__path__)')/plugins/strategy"
  export ANSIBLE_STRATEGY_PLUGINS ANSIBLE_STRATEGY=mitogen_linear
  export ANSIBLE_HOST_KEY_CHECKING=false # as .vagrant/ssh-config says: machines are as old as this run
}

machines() { ruby vagrant/environment.rb "$PAYOPS_ENV" | cut -d' ' -f1; }

second() { # changes nothing: neither in check mode nor for real
  playbook site.yml
  nothing_changed "$logs/second-converge.log" "$(machines | wc -l)"
}

plain() { # as users run it, for the machine of our own processes: what Mitogen left is what Ansible by itself would leave
  unset ANSIBLE_STRATEGY_PLUGINS ANSIBLE_STRATEGY
  playbook site.yml --limit application
  nothing_changed "$logs/plain.log" 1
}

check_mode() {
  playbook site.yml --check
  nothing_changed "$logs/check-mode.log" "$(machines | wc -l)"
}

nothing_changed() { # nothing_changed LOG MACHINES: the recap has so many machines, and each says changed=0
  local machines="$2" recap
  recap="$(grep -E 'ok=[0-9]+ +changed=' "$1")"
  [ "$(grep -cE 'changed=0 +unreachable=0 +failed=0' <<<"$recap")" = "$machines" ] || {
    grep -B 30 -E '^changed:' "$1" | grep -E '^(TASK|RUNNING|changed:)'
    echo "A second run changed something, or not every machine was there: see above."
    return 1
  }
}

lint() { .venv/bin/ansible-lint; }

inside() { # inside WORKERS MARKER: most of it waits for ssh
  .venv/bin/python -m pytest -p no:cacheprovider -q -n "$1" --dist loadfile tests/infra -m "$2"
}

again() { # in turn, each with its log: nothing may change
  (second) >"$logs/second-converge.log" 2>&1
  (plain) >"$logs/plain.log" 2>&1
  (check_mode) >"$logs/check-mode.log" 2>&1
}

inside_and_again() { # at once: one only looks, the other finds nothing to change
  local repeats code=0
  again &
  repeats=$!
  inside 3 "not alone" || code=$?
  wait "$repeats" || {
    code=$?
    tail -n 40 "$logs"/{second-converge,plain,check-mode}.log || true # those that it came to
  }
  return "$code"
}

outside() { .venv/bin/python -m pytest -p no:cacheprovider -v --timeout 900 tests/vm -m "$1"; }

alone() { # one test after the other: each holds seconds, or takes what others need
  inside 0 alone
  if [ "$PAYOPS_ENV" = full ]; then outside alone; fi
}

destroy() {
  vagrant destroy -f
  remove_machines
}

clean_up() {
  local code=$?
  [ -z "${KEEP:-}" ] || exit "$code"
  remove_machines 9>&- || echo "Not everything could be removed; the next run tries again." >&2
  exit "$code"
}

trap 'exit 130' INT
trap 'exit 143' TERM

stage set-up alone set_up
stage lint idle lint # beside what runs alone, too
trap clean_up EXIT
stage box beside box
stage up beside up
stage stand-ins beside stand_ins
by_mitogen
stage converge beside converge
rm -f "$logs"/{second-converge,plain,check-mode}.log
stage inside beside inside_and_again
if [ "$PAYOPS_ENV" = full ]; then stage outside beside outside "not alone"; fi
stage alone alone alone
say "Memory:"
memory
if [ -z "${KEEP:-}" ]; then stage destroy beside destroy; fi
trap - EXIT
print_stages
