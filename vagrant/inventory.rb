# Writes what Ansible needs to reach the machines of an environment: the same inventory for every provider, whether
# Vagrant's provisioner runs the playbook or a person does.
require 'fileutils'
require 'shellwords'

module Payops
  # .vagrant/…/vagrant_ansible_inventory and .vagrant/ssh-config, written when their content changed.
  class Inventory
    INVENTORY = '.vagrant/provisioners/ansible/inventory/vagrant_ansible_inventory'.freeze
    SSH_CONFIG = '.vagrant/ssh-config'.freeze
    PROVIDERS = %w[virtualbox libvirt lxc].freeze

    def initialize(environment, root, insecure_keys)
      @environment = environment
      @root = root
      @insecure_keys = insecure_keys
    end

    def path
      File.join(@root, INVENTORY)
    end

    def write
      put(SSH_CONFIG, ssh_config)
      put(INVENTORY, inventory)
    end

    private

    def put(name, text)
      target = File.join(@root, name)
      return if File.exist?(target) && File.read(target) == text

      FileUtils.mkdir_p(File.dirname(target))
      File.write(target, text)
    end

    def inventory
      lines = ["# Written by the Vagrantfile from vagrant/environments/#{@environment.name}.yml."]
      lines += @environment.nodes.map do |node|
        "#{node.name} ansible_host=#{node.address} node_address=#{node.address} node_memory=#{node.memory}"
      end
      @environment.groups.each { |group, names| lines += ['', "[#{group}]", *names] }
      config = Shellwords.escape(File.join(@root, SSH_CONFIG))
      lines += ['', '[all:vars]', 'ansible_user=vagrant', "ansible_ssh_common_args='-F #{config}'",
                "base_management_networks=['#{Environment::HOST}/32']", "payops_environment=#{@environment.name}"]
      "#{lines.join("\n")}\n"
    end

    # ssh passes over the key files that do not exist: those of the other providers.
    def ssh_config
      lines = ['# Written by the Vagrantfile: ssh -F .vagrant/ssh-config NAME']
      @environment.nodes.each do |node|
        keys = PROVIDERS.map { |name| File.join(@root, '.vagrant/machines', node.name, name, 'private_key') }
        lines += ["Host #{node.name} #{node.address}", "  HostName #{node.address}", '  User vagrant']
        lines += (keys + @insecure_keys).map { |key| "  IdentityFile \"#{key}\"" }
      end
      # The machines are made anew again and again, with new host keys.
      lines += ['Host *', '  IdentitiesOnly yes', '  StrictHostKeyChecking no', '  UserKnownHostsFile /dev/null',
                '  LogLevel ERROR']
      "#{lines.join("\n")}\n"
    end
  end
end
