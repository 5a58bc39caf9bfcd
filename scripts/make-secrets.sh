#!/usr/bin/env bash
# Makes the passwords of the VMs: a vault password in .secrets/ and an encrypted file of random values beside the
# playbook, among them API keys, which the role payops imports, and the authority of the certificates. May be repeated:
# it adds what is missing and never changes what is there.
# Usage: scripts/make-secrets.sh [--show] [FILE]     FILE: another vault, for example of your own hosts
set -euo pipefail
cd "$(dirname "$0")/.."

show=""
if [ "${1:-}" = --show ]; then
  show=yes
  shift
fi
vault="${1:-ansible/group_vars/all/vault.yml}"
. scripts/lib-vault.sh

random_names=(vault_mariadb_{api,relay,ledger,housekeeping,operator,migration,exporter,backup}_password
  vault_redis_{app,exporter}_password vault_kafka_{admin,relay,ledger}_password
  vault_prometheus_password vault_grafana_admin_password vault_jenkins_admin_password vault_github_webhook_secret
  vault_psp_{key,publishable_key,control_token})
empty_names=(vault_github_token vault_ngrok_authtoken) # given by others: `ansible-vault edit` puts them in

random_value() { # 32 letters and digits: about 190 bits, and safe in URLs, shells and configuration files
  python3 -c 'import secrets, string; print("".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(32)))'
}

api_keys() { # api_keys KIND COUNT: parted by spaces; as `python -m payments keys generate KIND`, but started once
  .venv/bin/python -c 'import sys
from payments.__main__ import main
sys.exit(any(main(["keys", "generate", sys.argv[1]]) for _ in range(int(sys.argv[2]))))' "$1" "$2" | paste -sd " "
}

pepper() { echo "1:$(random_value)"; }

make_password() {
  [ ! -s "$password_file" ] || return 0
  [ ! -e "$vault" ] || {
    echo "$vault is there, but not the password that opens it, $password_file; put it back, or remove the vault." >&2
    exit 1
  }
  mkdir -p .secrets
  chmod 700 .secrets
  (umask 077 && random_value >"$password_file")
}

add_missing() { # add_missing FILE: appends what FILE lacks; true when it lacked something
  local name before
  before="$(wc -c <"$1")"
  for name in "${random_names[@]}"; do add "$1" "$name" random_value; done
  for name in "${empty_names[@]}"; do add "$1" "$name" true; done
  add "$1" vault_payops_key_pepper pepper
  for name in vault_payops_{operator,jenkins}_key; do add "$1" "$name" api_keys operator 1; done
  add "$1" vault_payops_k6_keys api_keys test 20
  # An authority of your own may be there without its key.
  has "$1" vault_pki_ca_key || has "$1" vault_pki_ca_certificate || add_authority "$1" vault_pki_ca
  [ "$(wc -c <"$1")" != "$before" ]
}

add() { # add FILE NAME COMMAND...: the name with what the command prints, unless FILE has it
  local file="$1" name="$2" value
  shift 2
  if has "$file" "$name"; then return; fi
  value="$("$@")" || exit
  echo "$name: \"$value\"" >>"$file"
}

scripts/setup-env.sh vms
make_password
open_vault
if add_missing "$plain"; then
  save_vault
  echo "Secrets are in $vault; $password_file opens it (scripts/make-secrets.sh --show)."
fi
if [ -n "$show" ]; then grep -v '^---' "$plain"; fi
