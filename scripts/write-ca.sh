#!/usr/bin/env bash
# Writes the certificate of the vault's authority, which clients of the machines trust, into .vagrant/payops-ca.pem: both
# certificates while the authority is changed (scripts/change-ca.sh). No key. The Vagrantfile calls it at each `vagrant up`.
set -euo pipefail
cd "$(dirname "$0")/.."

vault=ansible/group_vars/all/vault.yml
file=.vagrant/payops-ca.pem
password_file=.secrets/vault-password

[ "$vault" -nt "$file" ] || exit 0 # it has been written since the vault was changed
scripts/setup-env.sh vms
mkdir -p "$(dirname "$file")"
unset ANSIBLE_CONFIG # it names the password file as the playbooks' folder sees it
.venv/bin/ansible-vault view --vault-password-file "$password_file" "$vault" | .venv/bin/python -I -c 'import sys, yaml
vault = yaml.safe_load(sys.stdin) or {}
names = ("vault_pki_ca_certificate", "vault_pki_other_ca_certificate")
found = [vault[name].strip() for name in names if vault.get(name)]
if not found:
    sys.exit("The vault has no authority of certificates; scripts/make-secrets.sh adds one.")
print(*found, sep="\n")' >"$file.new" || {
  rm -f "$file.new"
  exit 1
}
mv "$file.new" "$file"
echo "The CA of the machines is in $file."
