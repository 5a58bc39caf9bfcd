#!/usr/bin/env bash
# Trusts one key of an apt repository and no other: trust-apt-key.sh URL FINGERPRINT FILE. Fetches what is at URL, takes
# the key with that fingerprint out of it, and writes that one to FILE. Says `trusted` when FILE was written, nothing when
# it was right already. Fails, and changes nothing, when URL has no such key. Needs gpg, and no agent: no secret is used.
# An empty FINGERPRINT stands for the only key that is at URL now; a key that FILE has already stays.
set -euo pipefail

url="$1" fingerprint="$2" file="$3"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir -m 0700 "$work/home"
chmod 0755 "$work"
install -d -o _apt "$work/apt" # apt fetches as a user of its own
gpg=(gpg --homedir "$work/home" --batch --quiet --no-autostart)

fingerprints() { # fingerprints FILE: of the primary keys in it
  "${gpg[@]}" --with-colons --show-keys "$1" 2>/dev/null |
    awk -F: '$1 == "pub" { primary = 1 } $1 == "fpr" && primary { print $10; primary = 0 }'
}

if [ -e "$file" ] && [ "$(fingerprints "$file")" = "${fingerprint:-$(fingerprints "$file")}" ]; then exit 0; fi
/usr/lib/apt/apt-helper download-file "$url" "$work/apt/fetched" >/dev/null
fingerprint="${fingerprint:-$(fingerprints "$work/apt/fetched")}"
"${gpg[@]}" --import "$work/apt/fetched" 2>"$work/said" || true # it misses the agent; what counts is what is there now
"${gpg[@]}" --armor --export "$fingerprint" >"$work/key"
[ "$(fingerprints "$work/key")" = "$fingerprint" ] || {
  cat "$work/said" >&2
  echo "$url has no key with the fingerprint $fingerprint, but $(fingerprints "$work/apt/fetched" | xargs)." >&2
  exit 1
}
install -m 0644 "$work/key" "$file"
echo trusted
