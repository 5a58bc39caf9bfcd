#!/usr/bin/env bash
# The drills' keys: API_KEY is a merchant's, OPERATOR_KEY an operator's; where keys are optional a merchant's name and
# ADMIN_TOKEN do. No key is on a command line, which everybody can see, nor in what a drill prints.
# shellcheck disable=SC2034,SC2154  # the drills share these variables

owner="?merchantId=DRILL" named='"merchantId":"DRILL",' # of queries and bodies; empty with API_KEY, which says it

take_keys() { # once all that a preset finds is known
  token="${OPERATOR_KEY:-$token}"
  if [ -n "${API_KEY:-}" ]; then owner="" named=""; fi
  [[ "${API_KEY:-}${OPERATOR_KEY:-}" =~ ^[0-9A-Za-z_]*$ ]] || refuse "API_KEY or OPERATOR_KEY is not an API key (po_…)."
}

check_keys() { # ends the drill when the platform needs keys and got none; drops a token that opens nothing there
  [ "$(json 'd.get("auth")' <"$scratch/body")" = required ] || return 0
  [ -n "${API_KEY:-}" ] || refuse "$base_url takes requests with API keys only; set API_KEY and OPERATOR_KEY."
  if [[ "$token" != po_* ]]; then token=""; fi
}

authorization() { # authorization PATH: for curl's --config
  local credential="$token"
  case "$1" in
    /shop/*) credential="" ;; # the shop's pages have none
    /payments/*) # a merchant's: an operator's key would be refused, the admin token is ignored
      if [ -n "${API_KEY:-}" ] || [[ "$token" = po_* ]]; then credential="${API_KEY:-}"; fi
      ;;
  esac
  if [ -n "$credential" ]; then printf 'header = "Authorization: Bearer %s"\n' "$credential"; fi
}

payment() { # payment ID: its path, for its merchant
  printf '/payments/%s%s' "$1" "$owner"
}
