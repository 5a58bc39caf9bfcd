# shellcheck shell=bash
# A vault: decrypted into a file beside it while a script changes it. The caller names `vault`, the
# file, and is in the repository's folder.
vault="${vault:?}"

password_file=.secrets/vault-password
ansible_vault=(.venv/bin/ansible-vault)
unset ANSIBLE_CONFIG # the repository's own names the password file, which may be missing yet
export ANSIBLE_VAULT_PASSWORD_FILE="$password_file"

open_vault() { # what the vault has, in the file `plain`, until the script ends
  plain="$(mktemp -p .secrets)" # on the same disk, in a folder that only its owner reads
  trap 'rm -f "$plain"' EXIT
  if [ -s "$vault" ]; then
    "${ansible_vault[@]}" view "$vault" >"$plain" || {
      echo "$vault could not be opened with $password_file." >&2
      exit 1
    }
    [ -z "$(tail -c 1 "$plain")" ] || echo >>"$plain" # what is added begins a line
  else
    echo "---" >"$plain"
  fi
}

save_vault() { # `plain` is the vault's new content
  mkdir -p "$(dirname "$vault")"
  "${ansible_vault[@]}" encrypt --output "$plain.encrypted" "$plain"
  mv "$plain.encrypted" "$vault"
  chmod 600 "$vault"
}

has() { # has FILE NAME
  grep -q "^$2:" "$1"
}

add_authority() { # add_authority FILE PREFIX: a new one, as PREFIX_key and PREFIX_certificate
  local key certificate
  key="$(openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256)" || exit
  certificate="$(openssl req -x509 -new -key <(echo "$key") -days 3650 -sha256 -config <(authority_settings))" || exit
  printf '%s: "%s\\n"\n' "$2_key" "${key//$'\n'/\\n}" "$2_certificate" "${certificate//$'\n'/\\n}" >>"$1"
}

authority_settings() { # openssl's; the date tells two authorities of one installation apart
  cat <<EOF
[req]
prompt = no
distinguished_name = name
x509_extensions = authority
[name]
O = payops
CN = payops authority $(date -u +%Y-%m-%dT%H:%M:%SZ)
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
EOF
}
