#!/usr/bin/env bash
# Dumps one database with its binary log's position: dump-database.sh DATABASE FOLDER OWNER. Prints the finished file.
# One consistent snapshot, without locks. The login is in /etc/mysql/payops-backup.cnf. A dump that is not whole never
# gets its name. OWNER is who may fetch it.
set -euo pipefail

database="$1" folder="$2" owner="$3"
umask 077
name="$folder/$database-$(date -u +%Y%m%dT%H%M%SZ).sql.gz"
trap 'rm -f "$name.part"' EXIT

nice -n 10 mariadb-dump --defaults-extra-file=/etc/mysql/payops-backup.cnf --single-transaction --master-data=2 --hex-blob --triggers --databases "$database" |
  nice -n 10 gzip -3 >"$name.part"

gzip -dc "$name.part" | tail -n 1 | grep -q '^-- Dump completed' || {
  echo "The dump has no end." >&2
  exit 1
}
position="$(sed -n 's/^-- CHANGE MASTER TO \(.*\);$/\1/p;100q' < <(gzip -dc "$name.part"))" # no pipe: sed ends before gzip
[ -n "$position" ] || {
  echo "The dump names no position of the binary log; is log_bin on?" >&2
  exit 1
}
chown "$owner" "$name.part"
mv "$name.part" "$name"
echo "$name"
