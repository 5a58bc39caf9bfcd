#!/usr/bin/env bash
# The bridge that the machines of provider lxc hang on, and their way out. Needs root; may be repeated.
# Usage: vagrant/lxc-network.sh up|down
set -euo pipefail

bridge=payops0
host=192.168.56.1
network=192.168.56.0/24

mtu_of_uplink() { # a tunnel or a cloud network may carry less than 1500
  local device
  device="$(ip -o route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)"
  cat "/sys/class/net/${device:-lo}/mtu" | awk '{print ($1 > 1500) ? 1500 : $1}'
}

up() {
  ip link show "$bridge" >/dev/null 2>&1 || ip link add "$bridge" type bridge
  ip link set "$bridge" mtu "$(mtu_of_uplink)"
  ip -o -4 addr show dev "$bridge" | grep -q "inet $host/" || ip addr add "$host/24" dev "$bridge"
  ip link set "$bridge" up
  sysctl -q -w net.ipv4.ip_forward=1
  nft -f - <<RULES
table ip $bridge
flush table ip $bridge
table ip $bridge {
  chain outgoing {
    type nat hook postrouting priority 100
    ip saddr $network ip daddr != $network masquerade
  }
}
RULES
}

down() {
  if nft list table ip "$bridge" >/dev/null 2>&1; then nft delete table ip "$bridge"; fi
  if ip link show "$bridge" >/dev/null 2>&1; then ip link delete "$bridge"; fi
}

case "${1:-}" in
  up) up ;;
  down) down ;;
  *)
    echo "Usage: vagrant/lxc-network.sh up|down" >&2
    exit 2
    ;;
esac
