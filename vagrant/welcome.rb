# What `vagrant up` says at its end: where everything is and how to log in.
module Payops
  CA_FILE = '.vagrant/payops-ca.pem'.freeze # by scripts/write-ca.sh

  def self.welcome(environment)
    app = environment.address('application')
    eyes = environment.address('observability')
    build = environment.address('build')
    lines = ["payops, environment #{environment.name}:"]
    lines << "  shop           https://#{app}/" << "  API            https://#{app}/payments" if app
    if eyes
      lines << "  Grafana        https://#{eyes}/grafana/    user admin"
      lines << "  Prometheus     https://#{eyes}/prometheus/    user payops"
      lines << "  Alertmanager   https://#{eyes}/alertmanager/    user payops"
    end
    lines << "  Jenkins        https://#{build}/    user admin" if build
    lines << "The CA of their certificates: #{CA_FILE}. curl --cacert FILE; a browser imports it as an authority (docs/vms.md)."
    lines << "Passwords and the operator's key: scripts/make-secrets.sh --show"
    lines << "A shell on a machine: vagrant ssh #{environment.nodes.first.name}"
    lines << 'Is everything well? cd ansible && ../.venv/bin/ansible-playbook health.yml'
    lines.join("\n")
  end
end
