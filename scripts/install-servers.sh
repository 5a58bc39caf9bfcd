#!/usr/bin/env bash
# Makes sure that what the tests need is installed: MariaDB, Redis, Prometheus and exporters, a JDK, Maven, Vagrant, a
# browser; and Python's venv. With `vms`, what `make vm-test` needs: LXC and what makes a box instead of the servers.
# On Debian as root it installs what is missing, else it names the packages. No service is started by that.
set -euo pipefail

packages=()
need() { # need PACKAGE PROGRAM: the package when the program is missing
  PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$2" >/dev/null 2>&1 || packages+=("$1")
}
need_plugin() { # need_plugin PACKAGE: of Vagrant, where Debian's own Vagrant is or will be
  case "$(command -v vagrant || true)" in "" | /usr/bin/vagrant) ;; *) return ;; esac
  compgen -G "/usr/share/rubygems-integration/*/specifications/$1-*.gemspec" >/dev/null || packages+=("$1")
}

need default-jdk-headless javac
need maven mvn
need curl curl
need chromium chromium
need vagrant vagrant
need_plugin vagrant-libvirt
if [ "${1:-}" = vms ]; then
  need_plugin vagrant-lxc
  need lxc lxc-start
  need redir redir
  need bridge-utils brctl
  need mmdebstrap mmdebstrap
  need nftables nft
  need iproute2 ip
  need procps sysctl
  need tcpdump tcpdump
  need openssh-client ssh
  need rsync rsync
  need pigz pigz
  need gnupg gpg
else
  need mariadb-server mariadbd
  need redis-server redis-server
  need prometheus prometheus
  need prometheus-alertmanager prometheus-alertmanager
  need prometheus-node-exporter prometheus-node-exporter
  need prometheus-mysqld-exporter prometheus-mysqld-exporter
  need prometheus-redis-exporter prometheus-redis-exporter
  fc-list :lang=ko 2>/dev/null | grep -q . || packages+=(fonts-nanum) # or pictures of Korean pages show boxes
fi
python3 -c 'import ensurepip' 2>/dev/null || command -v uv >/dev/null 2>&1 || packages+=(python3-venv)
[ "${#packages[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "Some programs are missing; install these packages: ${packages[*]} (Debian: sudo apt-get install ${packages[*]})." >&2
  exit 1
fi

# Debian starts a server when it is installed, unless this says no. Ours would be useless.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi

echo "Installing ${packages[*]} …"
mkdir -p /usr/share/man/man1 # a slim image lacks it, and the Java package's set-up fails without
export DEBIAN_FRONTEND=noninteractive
log="$(mktemp)"
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}"; } >"$log" 2>&1; then
  tail -n 30 "$log" >&2
  echo "The packages could not be installed; see the lines above (all of them: $log)." >&2
  exit 1
fi
rm -f "$log"
