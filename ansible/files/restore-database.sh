#!/usr/bin/env bash
# Puts a dump back and replays the binary log behind it: restore-database.sh DATABASE DUMP [UNTIL] with UNTIL in UTC,
# `2026-01-31 12:00:00`: events from that second on are left out. ID_GAP: see raise_ids. Run as root on MariaDB's machine,
# while no process writes. Prints what it did; the last line is `end reached` or `end not reached`.
# Nothing of this is written to the binary log: it stays the history of what clients did, and can be replayed again.
set -euo pipefail

database="$1" dump="$2" until="${3:-}" gap="${ID_GAP:?}"
: "${DUMP_TIME:?}" # as in the dump's name, 20260131T120000Z

fail() {
  echo "$*" >&2
  exit 1
}

sql() {
  mariadb --batch --skip-column-names --init-command='SET SESSION sql_log_bin=0' "$@"
}

# Sets file, position: where the dump was taken. Sets logs: the files from there on, empty when that one is gone.
find_logs() {
  local line base name
  line="$(sed -n 's/^-- CHANGE MASTER TO //p;100q' < <(gzip -dc "$dump"))" # no pipe: sed ends before gzip
  file="$(sed -n "s/.*MASTER_LOG_FILE='\([^']*\)'.*/\1/p" <<<"$line")"
  position="$(sed -n 's/.*MASTER_LOG_POS=\([0-9]*\).*/\1/p' <<<"$line")"
  [ -n "$file" ] && [ -n "$position" ] || fail "The dump names no position of the binary log."
  base="$(dirname "$(sql --execute='SELECT @@log_bin_basename')")"
  logs=()
  while read -r name _; do
    if [ "${#logs[@]}" -gt 0 ] || [ "$name" = "$file" ]; then logs+=("$base/$name"); fi
  done < <(sql --execute='SHOW BINARY LOGS')
  [ "${#logs[@]}" -eq 0 ] || check_history
}

# A new server starts its files at 000001 again: the dump's file must be the one that the dump was taken from.
check_history() {
  local made dumped
  made="$(sed -n '/Start: binlog/{s/^#\([0-9]\{6\} *[0-9:]*\) server id.*/\1/p;q}' < <(TZ=UTC mariadb-binlog "${logs[0]}"))"
  [ -n "$made" ] || fail "${logs[0]} cannot be read."
  made="$(date -u -d "20${made:0:2}-${made:2:2}-${made:4:2} ${made:6}" +%s)"
  dumped="$(date -u -d "${DUMP_TIME:0:8} ${DUMP_TIME:9:2}:${DUMP_TIME:11:2}:${DUMP_TIME:13:2}" +%s)"
  if [ "$made" -gt "$dumped" ]; then logs=(); fi
}

load_dump() {
  sql --execute="DROP DATABASE IF EXISTS \`$database\`"
  gzip -dc "$dump" | sql
  echo "loaded $(basename "$dump"), taken at $file $position"
}

replay() {
  local stop=()
  [ -z "$until" ] || stop=(--stop-datetime="$until")
  TZ=UTC mariadb-binlog --disable-log-bin --database="$database" --start-position="$position" "${stop[@]}" "${logs[@]}" | sql
  echo "replayed ${#logs[@]} files of the binary log${until:+ until $until}"
}

# Ids that were given out and are now unknown must not come again: clients and Kafka know them. Each needed more than one
# byte of the binary log, so its size behind the dump is more than their number; ID_GAP is for a log that is lost.
raise_ids() {
  local table next bytes=0
  if [ "${#logs[@]}" -gt 0 ]; then bytes="$(stat -c %s "${logs[@]}" | awk '{ sum += $1 } END { printf "%.0f", sum }')"; fi
  [ "$bytes" -lt "$gap" ] || gap="$bytes"
  while read -r table next; do
    sql --execute="ALTER TABLE \`$database\`.\`$table\` AUTO_INCREMENT = $((next + gap))"
  done < <(sql --execute="SELECT TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = '$database' AND AUTO_INCREMENT IS NOT NULL")
  echo "raised every AUTO_INCREMENT by $gap"
}

find_logs
sql --execute='FLUSH BINARY LOGS'
load_dump
if [ "${#logs[@]}" -gt 0 ]; then replay; else echo "the binary log behind the dump is not there"; fi
[ "$(sql --execute="SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$database' AND TABLE_NAME = 'payment'")" = 1 ] ||
  fail "The binary log ends without the tables: the loss itself was replayed. Say until when (restore_until)."
if [ "${#logs[@]}" -gt 0 ] && [ -z "$until" ]; then
  echo "end reached"
else
  raise_ids
  echo "end not reached"
fi
