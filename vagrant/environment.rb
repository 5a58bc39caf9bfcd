# Reads a list of machines, vagrant/environments/NAME.yml, and says in one sentence what is wrong with it.
# Knows nothing of Vagrant, so that `ruby vagrant/environment.rb NAME` can check a file by itself.
require 'ipaddr'
require 'yaml'

module Payops
  # The file is missing, is not YAML, or describes machines that cannot be made.
  class BrokenEnvironment < StandardError; end

  Node = Struct.new(:name, :address, :memory, :cpus, :groups, keyword_init: true)

  # The machines of one environment, checked.
  class Environment
    NETWORK = IPAddr.new('192.168.56.0/24')   # within VirtualBox' default host-only range
    HOST = '192.168.56.1'                     # this machine, as the machines see it
    GROUPS = %w[database cache broker acquirer application observability build].freeze
    KEYS = %w[name address memory cpus groups].freeze
    LEAST_MEMORY = 512                        # MB; Debian with one small server does not fit into less

    attr_reader :name, :nodes

    def self.load(name, folder = File.join(__dir__, 'environments'))
      known = Dir.glob(File.join(folder, '*.yml')).map { |path| File.basename(path, '.yml') }.sort
      unless known.include?(name)
        raise BrokenEnvironment, "There is no environment #{name.inspect}; PAYOPS_ENV may be #{known.join(', ')}."
      end

      new(name, File.join(folder, "#{name}.yml"))
    end

    def initialize(name, path)
      @name = name
      @path = path
      @nodes = read.each_with_index.map { |entry, index| node(entry, index + 1) }
      no_duplicates(:name)
      no_duplicates(:address)
    end

    # Group → names of its machines; every known group is there, also an empty one.
    def groups
      GROUPS.to_h { |group| [group, nodes.select { |node| node.groups.include?(group) }.map(&:name)] }
    end

    # The address of the first machine in a group, or nil.
    def address(group)
      nodes.find { |node| node.groups.include?(group) }&.address
    end

    private

    def broken(sentence)
      raise BrokenEnvironment, "vagrant/environments/#{File.basename(@path)}: #{sentence}."
    end

    def read
      content = YAML.safe_load(File.read(@path))
      entries = content.is_a?(Hash) && content.keys == ['nodes'] && content['nodes']
      broken('expected a list of machines under the one key "nodes"') unless entries.is_a?(Array) && entries.any?
      entries
    rescue Psych::Exception => e
      broken("not YAML (#{e.message.lines.first.strip})")
    end

    def node(entry, number)
      broken("machine #{number} is not a mapping of #{KEYS.join(', ')}") unless entry.is_a?(Hash)
      label = "machine #{number}#{" (#{entry['name']})" if entry['name']}"
      missing = KEYS - entry.keys
      unknown = entry.keys - KEYS
      broken("#{label} lacks #{missing.join(', ')}") if missing.any?
      broken("#{label} has the unknown key #{unknown.join(', ')}") if unknown.any?
      check(entry, label)
      Node.new(**entry.transform_keys(&:to_sym))
    end

    def check(entry, label)
      # A veth pair is named po-NAME, and Linux allows 15 letters.
      valid = entry['name'].is_a?(String) && entry['name'].match?(/\A[a-z][a-z0-9-]{0,11}\z/)
      broken("#{label}: the name must be up to 12 of a-z, 0-9 and -, a letter first") unless valid
      broken("#{label}: #{entry['name']} is the name of a group; Ansible wants another") if GROUPS.include?(entry['name'])
      broken("#{label}: #{entry['address'].inspect} is not a free address of #{NETWORK}/24") unless free?(entry['address'])
      check_size(entry, label)
      check_groups(entry['groups'], label)
    end

    def check_size(entry, label)
      enough = entry['memory'].is_a?(Integer) && entry['memory'] >= LEAST_MEMORY
      broken("#{label}: memory must be a number of MB, at least #{LEAST_MEMORY}") unless enough
      broken("#{label}: cpus must be a number, at least 1") unless entry['cpus'].is_a?(Integer) && entry['cpus'] >= 1
    end

    def check_groups(groups, label)
      broken("#{label}: groups must be a list with at least one of #{GROUPS.join(', ')}") unless groups.is_a?(Array) && groups.any?
      unknown = groups - GROUPS
      broken("#{label}: unknown group #{unknown.join(', ')}; there are #{GROUPS.join(', ')}") if unknown.any?
    end

    def free?(address)
      NETWORK.include?(IPAddr.new(address)) && (2..254).cover?(address.split('.').last.to_i)
    rescue IPAddr::Error, NoMethodError, TypeError
      false
    end

    def no_duplicates(key)
      doubled = nodes.group_by(&key).select { |_, same| same.size > 1 }.keys
      broken("more than one machine has the #{key} #{doubled.join(', ')}") if doubled.any?
    end
  end
end

if $PROGRAM_NAME == __FILE__
  begin
    environment = Payops::Environment.load(*ARGV)
    environment.nodes.each { |node| puts "#{node.name} #{node.address} #{node.memory} MB: #{node.groups.join(' ')}" }
  rescue Payops::BrokenEnvironment => e
    abort e.message
  end
end
