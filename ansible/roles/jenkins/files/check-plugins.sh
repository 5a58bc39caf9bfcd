#!/bin/sh
# Whether every plugin in FOLDER is on the list CHECKSUMS and has the content that it says: check-plugins.sh CHECKSUMS FOLDER.
# One that is not is named and removed, so that Jenkins cannot load it.
set -eu

list="$1" folder="$2" wrong=0
for plugin in "$folder"/*.jpi; do
  name="$(basename "$plugin")"
  wanted="$(awk -v name="$name" '$2 == name { print $1 }' "$list")"
  [ "$(sha256sum <"$plugin" | cut -d' ' -f1)" != "$wanted" ] || continue
  echo "$name is not what $list says: ${wanted:-it is not on the list}." >&2
  rm -f "$plugin"
  wrong=1
done
exit "$wrong"
