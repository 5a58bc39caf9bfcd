#!/usr/bin/env bash
# Turns a fresh Debian tree into what Vagrant expects of a box: user vagrant, ssh, network, the host's trust.
# Usage: vagrant/box/customise-rootfs.sh ROOTFS (called by build-lxc-box.sh)
set -euo pipefail
root="$1"

take_over_sources() { # the host's, so that a mirror works inside too
  : >"$root/etc/apt/sources.list"
  if compgen -G '/etc/apt/sources.list.d/*.sources' >/dev/null; then
    cp -a /etc/apt/sources.list.d/*.sources "$root/etc/apt/sources.list.d/"
  else
    cp /etc/apt/sources.list "$root/etc/apt/sources.list"
  fi
  cat >"$root/etc/apt/apt.conf.d/90box" <<'APT'
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
APT::Install-Recommends "false";
Dpkg::Options { "--force-unsafe-io"; };
APT
  printf 'path-exclude=/usr/share/%s/*\n' doc man locale >"$root/etc/dpkg/dpkg.cfg.d/90box"
}

take_over_trust() { # certificates of the host's own, for apt, pip and everything else
  mkdir -p "$root/usr/local/share/ca-certificates"
  if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
    cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/"
  fi
  chroot "$root" update-ca-certificates
  printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >"$root/etc/pip.conf" # pip has a list of its own
  rm -f "$root/etc/resolv.conf"
  cat /etc/resolv.conf >"$root/etc/resolv.conf"
}

add_vagrant_user() { # with the key that every box has; the machines are reachable from this host alone
  local key="" folder
  for folder in /usr/share /opt/vagrant; do # Debian's package, HashiCorp's package
    [ -n "$key" ] || [ ! -d "$folder" ] || key="$(find "$folder" -path '*vagrant*/keys/vagrant.pub' | head -n 1)"
  done
  [ -n "$key" ] || {
    echo "Vagrant's public key vagrant.pub was not found; is the package vagrant installed?" >&2
    exit 1
  }
  chroot "$root" useradd --create-home --shell /bin/bash vagrant
  chroot "$root" passwd --lock vagrant
  install -d -m 700 "$root/home/vagrant/.ssh"
  install -m 600 "$key" "$root/home/vagrant/.ssh/authorized_keys"
  chroot "$root" chown -R vagrant:vagrant /home/vagrant/.ssh
  echo 'vagrant ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/vagrant"
  chmod 440 "$root/etc/sudoers.d/vagrant"
  printf 'UseDNS no\nGSSAPIAuthentication no\n' >"$root/etc/ssh/sshd_config.d/box.conf"
}

set_up_units() { # LXC gives eth0 its address; networkd only has to run, for Vagrant restarts it to set the host name
  local unit
  chroot "$root" systemctl -q enable systemd-networkd ssh
  for unit in systemd-networkd-wait-online.service getty@tty1.service console-getty.service apt-daily.timer \
    apt-daily-upgrade.timer systemd-udevd.service systemd-udev-trigger.service sys-kernel-debug.mount; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit" # masked: devices and downloads are the host's business
  done
  chroot "$root" systemctl -q set-default multi-user.target
}

clean() {
  echo debian12 >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n127.0.1.1 debian12\n' >"$root/etc/hosts"
  : >"$root/etc/machine-id"
  rm -f "$root/var/lib/dbus/machine-id" "$root"/var/cache/apt/archives/*.deb
  rm -rf "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/*
  touch -d @0 "$root/var/lib/apt/lists"    # else Ansible's cache_valid_time takes the empty lists for fresh ones
  mkdir -p "$root"/usr/share/man/man{1..8} # Java's set-up links manual pages there
}

take_over_sources
take_over_trust
add_vagrant_user
set_up_units
clean
