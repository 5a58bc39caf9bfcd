#!/usr/bin/env bash
# Makes the Debian 12 box for Vagrant's provider lxc, or takes it from the cache, and adds it to Vagrant. Needs root.
# Usage: vagrant/box/build-lxc-box.sh     BOX_CACHE: where boxes are kept (~/.cache/payops-boxes)
# The machines trust the certificates and use the package sources and name servers of this host.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"

name=payops-debian12-lxc
cache="${BOX_CACHE:-$HOME/.cache/payops-boxes}"
# What Vagrant and Ansible need to get in. Everything else comes by roles, as on a real server.
packages=(systemd systemd-sysv dbus libpam-systemd python3 python3-apt sudo openssh-server ca-certificates iproute2
  iputils-ping procps nftables less curl)

# The box is made anew when this script, the host's certificates or its sources change.
cache_key() {
  local files=()
  mapfile -t files < <(compgen -G '/usr/local/share/ca-certificates/*.crt'
    compgen -G '/etc/apt/sources.list.d/*.sources'
    compgen -G '/etc/apt/sources.list')
  cat "$0" "$here/customise-rootfs.sh" /etc/resolv.conf ${files[@]+"${files[@]}"} | sha256sum | cut -c1-12
}

mirror() { # the first mirror of the host's own sources
  local file
  for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
    [ ! -f "$file" ] || awk '/^URIs:/ {print $2; exit}
      $1 == "deb" {for (i = 2; i <= NF; i++) if ($i ~ /^http/) {print $i; exit}}' "$file"
  done | head -n 1
}

build() { # build FILE
  local work="$cache/unfinished" log="$cache/build.log" source
  source="$(mirror)"
  rm -rf "$work"
  mkdir -p "$work"
  if ! mmdebstrap --quiet --mode=root --variant=minbase --include="$(printf '%s,' "${packages[@]}")" \
    --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt=force-unsafe-io \
    bookworm "$work/rootfs" "deb ${source:-http://deb.debian.org/debian} bookworm main" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "The box could not be made; see the lines above (all of them: $log)." >&2
    exit 1
  fi
  "$here/customise-rootfs.sh" "$work/rootfs" >>"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    echo "The box could not be set up; see the lines above (all of them: $log)." >&2
    exit 1
  }
  cat >"$work/lxc-config" <<CONFIG
lxc.include = /usr/share/lxc/config/common.conf
lxc.arch = linux64
lxc.apparmor.profile = unconfined
lxc.tty.max = 0
CONFIG
  echo '{"provider": "lxc", "version": "1.0.0"}' >"$work/metadata.json" # this very version: vagrant-lxc warns of others
  tar -C "$work" --numeric-owner --xattrs -I 'pigz -1' -cf "$work/rootfs.tar.gz" ./rootfs
  tar -C "$work" -cf "$1.unfinished" metadata.json lxc-config rootfs.tar.gz
  mv "$1.unfinished" "$1"
  rm -rf "$work"
}

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9 # two checkouts share the cache
box="$cache/$name-$(cache_key).box"
if [ ! -s "$box" ]; then
  echo "Making the box (once) …"
  build "$box"
fi
added="$cache/added" # which box file Vagrant has under the name
if ! vagrant box list | grep -q "^$name " || [ "$(cat "$added" 2>/dev/null)" != "$box" ]; then
  vagrant box add --force --provider lxc --name "$name" "$box" >/dev/null
  echo "$box" >"$added"
fi
echo "Box $name: $box ($(du -m "$box" | cut -f1) MB)."
