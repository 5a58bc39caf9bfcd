# What `vagrant up` says at its end: where everything is and how to log in.
module Payops
  def self.welcome(environment)
    app = environment.address('application')
    eyes = environment.address('observability')
    build = environment.address('build')
    lines = ["payops, environment #{environment.name}:"]
    lines << "  shop           http://#{app}/" << "  API            http://#{app}:8080/payments" if app
    if eyes
      lines << "  Grafana        http://#{eyes}:3000/    user admin"
      lines << "  Prometheus     http://#{eyes}:9090/    user payops"
      lines << "  Alertmanager   http://#{eyes}:9093/    user payops"
    end
    lines << "  Jenkins        http://#{build}:8080/    user admin" if build
    lines << "Passwords and the operator's key: scripts/make-secrets.sh --show"
    lines << "A shell on a machine: vagrant ssh #{environment.nodes.first.name}"
    lines << 'Is everything well? cd ansible && ../.venv/bin/ansible-playbook health.yml'
    lines.join("\n")
  end
end
