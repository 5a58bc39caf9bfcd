#!/usr/bin/env bash
# What the stages of jenkins/Jenkinsfile share; they source it. TARGET is local (the `make run` stack on this machine),
# vagrant or inventory (machines, PAYOPS_INVENTORY; deployed by Ansible). What the stages make lies in build/pipeline.
# shellcheck disable=SC2034  # the stages read these variables
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
. scripts/lib-ca.sh

target="${TARGET:-local}"
made=build/pipeline
reports="${REPORTS:-$made/reports}"
# A state of its own: what `make run` keeps in .state is the developer's.
export PAYOPS_STATE="${PAYOPS_STATE:-$made/state}"

fail() {
  echo "$*" >&2
  exit 1
}

case "$target" in
  local | vagrant | inventory) ;;
  *) fail "TARGET=$target is unknown; it is local, vagrant or inventory." ;;
esac
if [ "$target" = inventory ] && [ -z "${PAYOPS_INVENTORY:-}" ]; then
  fail "TARGET=inventory needs PAYOPS_INVENTORY, the path of an inventory."
fi

play() { # play PLAYBOOK OPTIONS...: on the machines of the target
  local inventory="${PAYOPS_INVENTORY:-.vagrant/provisioners/ansible/inventory/vagrant_ansible_inventory}"
  [ -e "$inventory" ] || fail "There are no machines: $inventory is missing."
  inventory="$(realpath "$inventory")"
  scripts/setup-env.sh vms
  give_vault
  (cd ansible && ../.venv/bin/ansible-playbook -i "$inventory" "$@")
}

give_vault() { # Jenkins keeps the encrypted file as a credential, for it is in no repository
  [ -n "${PAYOPS_VAULT:-}" ] || return 0
  [ "$(head -c 15 "$PAYOPS_VAULT")" = "\$ANSIBLE_VAULT;" ] ||
    fail "The credential ansible-vault is not an encrypted vault: Jenkins was not given what it deploys with (docs/ci.md)."
  install -m 600 "$PAYOPS_VAULT" ansible/group_vars/all/vault.yml
}

find_address() { # sets base_url, unless it is set, and what is trusted there
  if [ -z "${base_url:-}" ]; then look_up_address; fi
  trust
}

look_up_address() {
  if [ "$target" = local ]; then
    local port
    port="$(.venv/bin/python -m stack.stop --show-port)" || exit
    base_url="http://127.0.0.1:$port"
  else
    give_vault
    # shellcheck source=scripts/lib-drill-vagrant.sh
    . scripts/lib-drill-vagrant.sh
  fi
}

find_keys() { # for k6, unless they are given: the key of the `make run` here, or what find_address has learnt of machines
  if [ -z "${KEYS_FILE:-}${API_KEY:-}" ] && [ "$target" = local ]; then
    # shellcheck source=scripts/lib-drill-run.sh
    . scripts/lib-drill-run.sh
  fi
  export API_KEY="${API_KEY:-}" KEYS_FILE="${KEYS_FILE:-}"
}
