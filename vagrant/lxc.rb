# How a machine of provider lxc hangs on the bridge of vagrant/lxc-network.sh, and how much memory it may take.
require_relative 'environment'

module Payops
  LXC_BRIDGE = 'payops0'.freeze

  # One network card, with an address that LXC gives it: Vagrant's private_network needs pipework, which fails with LXC 5.
  def self.lxc_settings(node)
    last = node.address.split('.').last.to_i
    {
      'net.0.type' => 'veth',
      'net.0.link' => LXC_BRIDGE,
      'net.0.name' => 'eth0',
      'net.0.flags' => 'up',
      'net.0.mtu' => bridge_mtu,
      'net.0.veth.pair' => "po-#{node.name}", # at most 15 letters; tests pull this cable
      # A new address of the card at each boot would leave stale ARP entries: half a minute of silence.
      'net.0.hwaddr' => format('00:16:3e:56:00:%02x', last),
      'net.0.ipv4.address' => "#{node.address}/24",
      'net.0.ipv4.gateway' => Environment::HOST,
      memory_setting => "#{node.memory}M"
    }
  end

  def self.bridge_mtu
    path = "/sys/class/net/#{LXC_BRIDGE}/mtu"
    File.exist?(path) ? File.read(path).strip : '1500'
  end

  def self.memory_setting
    File.exist?('/sys/fs/cgroup/cgroup.controllers') ? 'cgroup2.memory.max' : 'cgroup.memory.limit_in_bytes'
  end
end
