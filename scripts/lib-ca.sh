# shellcheck shell=bash
# Whose certificates curl and k6 accept: those of the CAs in the file PAYOPS_CA alone, else the system's. Downloads of
# packages come from elsewhere and keep the system's. Sourced.

# shellcheck disable=SC2034  # the scripts give it to curl
trusted=()

trust() { # once PAYOPS_CA is known; ends the script when the file cannot be read
  [ -n "${PAYOPS_CA:-}" ] || return 0
  [ -r "$PAYOPS_CA" ] || {
    echo "The file of CAs, PAYOPS_CA=$PAYOPS_CA, cannot be read." >&2
    exit 2
  }
  PAYOPS_CA="$(realpath "$PAYOPS_CA")"
  export PAYOPS_CA
  trusted=(--cacert "$PAYOPS_CA" --capath /nonexistent) # curl has a folder of CAs beside the file
}

trust_in_k6() { # k6 has no option for it; like curl, it has a folder beside the file
  [ -n "${PAYOPS_CA:-}" ] || return 0
  export SSL_CERT_FILE="$PAYOPS_CA" SSL_CERT_DIR=/nonexistent
}
