#!/usr/bin/env bash
# Builds this commit on the LXC machine `ci` as Jenkins does with TARGET=local, stage by stage, beside the stack that an
# earlier build left up, and prints how much memory the machine took at most in each stage, without a real Jenkins. Needs
# the machines of `KEEP=1 make vm-test`, root, and PyPI and npm to be reached from ci. Nothing of it stays on the machine.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib-vm-test.sh
. scripts/lib-vm-test.sh

machine=ci
user=jenkins-agent
home="/var/lib/$user"
workspace="$home/workspace/payops"
peak="$(mktemp)"
trust=/etc/ssl/certs/ca-certificates.crt # the machine's; uv and npm bring lists of their own

as_jenkins() { # as_jenkins COMMAND: in the workspace, with what the Jenkinsfile's environment has
  ssh -F .vagrant/ssh-config "$machine" sudo -u "$user" env -C "$workspace" HOME="$home" TARGET=local \
    DRILL_PRESET=run PAYOPS_STATE=build/pipeline/state SSL_CERT_FILE="$trust" NODE_EXTRA_CA_CERTS="$trust" bash -c "'$1'"
}

own_memory() { # in MB
  memory_of "$machine" | cut -d" " -f1
}

watch_memory() { # writes the largest of many looks to $peak
  local now peak_now=0
  while true; do
    now="$(own_memory)"
    if [ "$now" -gt "$peak_now" ]; then
      peak_now="$now"
      echo "$peak_now" >"$peak"
    fi
    sleep 0.2
  done
}

measured() { # measured COMMAND: how long it took, and the peak while it ran
  local watcher code=0 started=$SECONDS
  watch_memory &
  watcher=$!
  as_jenkins "$1" </dev/null >>"$logs/measure-build.log" 2>&1 || code=$?
  kill "$watcher"
  wait "$watcher" 2>/dev/null || true
  printf '%-48s %5d s %6d MB\n' "$1" $((SECONDS - started)) "$(cat "$peak")"
  return "$code"
}

clean_up() {
  as_jenkins scripts/clean-up.sh >/dev/null || true # it may not have come that far
  ssh -F .vagrant/ssh-config "$machine" sudo rm -rf "$workspace" "$workspace.bundle"
  rm -f "$peak"
}

mkdir -p "$logs"
trap clean_up EXIT
git bundle create --quiet - HEAD | ssh -F .vagrant/ssh-config "$machine" \
  "sudo -u $user sh -c 'mkdir -p $workspace && cat >$workspace.bundle && git -c advice.detachedHead=false clone --quiet $workspace.bundle $workspace'"
echo "$machine before the build: $(own_memory) MB"
measured scripts/bring-up.sh
# What the Jenkinsfile calls, in its order, but for what failed builds call. Jenkins waits for health six times.
sed -n "s/^ *\(sh\|onTarget\) '\(.*\)'$/\2/p" jenkins/Jenkinsfile | sed '/collect-logs/d; /check-branch/d; s/--seconds 10/--seconds 60/' |
  while read -r command; do measured "$command"; done
