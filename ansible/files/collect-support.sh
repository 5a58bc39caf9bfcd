#!/usr/bin/env bash
# Gathers what one needs to understand a machine from afar: collect-support.sh SINCE OWNER HOME SETTINGS COMMAND. Prints the
# archive's name. Units, the journal since SINCE, versions, network, the configuration without secrets. OWNER may fetch it.
# The last three are payops' folders and its operators' command, which only the application's machines have.
set -uo pipefail

since="$1" owner="$2" home="$3" settings="$4" command="$5"
work="$(mktemp -d)"
folder="$work/$(hostname)"
mkdir "$folder"
trap 'rm -rf "$work"' EXIT

keep() { # keep NAME COMMAND...: what the command says, also when it fails
  local name="$1"
  shift
  "$@" >"$folder/$name" 2>&1 || echo "(exit code $?)" >>"$folder/$name"
}

without_secrets() { # whatever is named like a secret, and passwords in URLs
  sed -E 's/^([A-Za-z_]*(PASSWORD|TOKEN|SECRET|PEPPER|KEY)[A-Za-z_]*)=.*/\1=(removed)/; s#(://[^:/@]*:)[^@]*@#\1(removed)@#' "$@"
}

own_units() {
  systemctl list-unit-files --no-legend 'payops-*' 'psp*' envoy 'mariadb*' 'redis*' 'kafka*' 'prometheus*' 'grafana*' 'jenkins*' |
    awk '$1 !~ /@\.service$/ { print $1 }'
  systemctl list-units --all --no-legend --plain 'payops-api@*' | awk '{ print $1 }'
}

mapfile -t units < <(own_units | sort -u)
keep units.txt systemctl status --no-pager --lines=0 "${units[@]}"
keep unit-files.txt systemctl cat --no-pager "${units[@]}"
keep failed.txt systemctl list-units --failed --no-pager
keep journal.txt journalctl --no-pager --utc --output=short-iso-precise --since="$since"
keep packages.txt dpkg-query --show
keep system.txt uname -a
keep memory.txt free -m
keep disks.txt df -hT
keep processes.txt ps -eo user,pid,ppid,rss,etimes,comm --sort=-rss
keep listening.txt ss -ltnp
keep connections.txt ss -tn
keep firewall.txt nft list ruleset
keep time.txt date -u
if [ -d "$home" ]; then
  keep releases.txt ls -l "$home" "$home/releases"
  for file in "$settings"/*.env; do keep "$(basename "$file").txt" without_secrets "$file"; done
  keep audit.json timeout 60 "$command" audit --json
fi
for file in /etc/psp/psp.env /etc/mysql/mariadb.conf.d/60-payops.cnf /etc/prometheus/prometheus.yml; do
  [ ! -e "$file" ] || keep "$(basename "$file").txt" without_secrets "$file"
done
if [ -d /etc/envoy ]; then
  keep envoy-access.log.txt tail -n 5000 /var/log/envoy/access.log
  for file in clusters endpoints envoy routes; do keep "envoy-$file.yaml.txt" cat "/etc/envoy/$file.yaml"; done
fi

archive="$(mktemp --tmpdir "payops-support-XXXXXX.tar.gz")"
tar -C "$work" -czf "$archive" "$(hostname)" || exit 1
chown "$owner" "$archive" && chmod 0600 "$archive" || exit 1
echo "$archive"
