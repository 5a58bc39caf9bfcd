#!/usr/bin/env bash
# Changes the authority of the certificates in a vault, one step at a time; after each step run rotate-certificates.yml
# (docs/certificates.md, "Change the authority").
# Usage: scripts/change-ca.sh add|swap|remove [FILE]
#   add     a new authority that is trusted, too
#   swap    the new one signs, and the old one is still trusted; repeated, the old one signs again
#   remove  the old one is not trusted any more
set -euo pipefail
cd "$(dirname "$0")/.."

step="${1:-}"
vault="${2:-ansible/group_vars/all/vault.yml}"
other=vault_pki_other_ca

fail() {
  echo "$*" >&2
  exit 1
}

remove_other() { # remove_other FILE: each variable with all its lines, as a key may be written in several, indented
  local kept
  kept="$(awk -v name="^${other}_" '/^[^ \t]/ { gone = $0 ~ name } !gone' "$1")" || exit
  echo "$kept" >"$1"
}

check_yaml() { # check_yaml FILE: a vault that Ansible could not read would stop all playbooks
  .venv/bin/python -I -c 'import sys, yaml
try:
    yaml.compose(open(sys.argv[1], encoding="utf-8"))
except (yaml.YAMLError, UnicodeDecodeError):
    sys.exit(1)' "$1" || fail "After this step $vault is no YAML, so it is not written. Repair it: ansible-vault edit."
}

case "$step" in
  add | swap | remove) ;;
  *) fail "Usage: scripts/change-ca.sh add|swap|remove [FILE]" ;;
esac
[ -s "$vault" ] || fail "There is no $vault; scripts/make-secrets.sh makes it."
. scripts/lib-vault.sh
open_vault
if ! has "$plain" vault_pki_ca_key; then
  ! has "$plain" vault_pki_ca_certificate || fail "$vault has no vault_pki_ca_key; change an authority of your own by hand."
  fail "$vault has no authority; scripts/make-secrets.sh adds one."
fi
# One to be trusted may be there without its key; only one that is to sign needs it.
needed="$([ "$step" = swap ] && echo key || echo certificate)"
if [ "$step" != add ]; then has "$plain" "${other}_$needed" || fail "$vault has no other authority with its $needed; begin with: add."; fi

case "$step" in
  add)
    if has "$plain" "${other}_certificate"; then fail "$vault has two authorities; go on with: swap, remove."; fi
    add_authority "$plain" "$other"
    said="A new authority is in $vault. Run rotate-certificates.yml: all machines trust both. Then: swap."
    ;;
  swap)
    sed -i -e "s/^vault_pki_ca_/vault_pki_swapped_/" -e "s/^${other}_/vault_pki_ca_/" -e "s/^vault_pki_swapped_/${other}_/" "$plain"
    said="The other authority signs. Run rotate-certificates.yml: all machines get new certificates. Then: remove."
    ;;
  remove)
    remove_other "$plain"
    said="The other authority is gone from $vault. Run rotate-certificates.yml: no machine trusts it any more."
    ;;
esac
check_yaml "$plain"
save_vault
echo "$said"
