#!/usr/bin/env bash
# The drills' preset `vagrant`: hooks for the machines of an inventory, Vagrant's or PAYOPS_INVENTORY, by Ansible.
# Servers are stopped by systemd; relay and ledger are killed, and stay down until started. Needs `scripts/setup-env.sh vms`.
# shellcheck disable=SC2034,SC2154  # the drills share these variables

inventory="${PAYOPS_INVENTORY:-.vagrant/provisioners/ansible/inventory/vagrant_ansible_inventory}"
if [ ! -e "$inventory" ]; then
  echo "There are no machines: $inventory is missing. Make some with \`vagrant up\`, or set PAYOPS_INVENTORY." >&2
  exit 2
fi
inventory="$(realpath "$inventory")"

values() { # values GROUP VALUES: a line for each, as the group's first machine has them; secrets come out of the vault
  (cd ansible && ANSIBLE_CALLBACK_RESULT_FORMAT=json \
    ../.venv/bin/ansible -i "$inventory" --playbook-dir . "$1[0]" -m ansible.builtin.debug -a "msg={{ [$2] }}") |
    sed '1s/^[^{]*//' | python3 -I -S -c 'import json, sys; print(*json.load(sys.stdin)["msg"], sep="\n")'
}

# Sets base_url, PAYOPS_CA, OPERATOR_KEY, API_KEY and KEYS_FILE, each unless it is set: Jenkins gives builds keys of their
# own.
find_platform() {
  local found address operators merchants authorities
  found="$(values application "node_address, payops_operator_key, payops_load_keys | join(' '),
    ([pki_ca_certificate] + pki_other_ca_certificates) | map('b64encode') | join(' ')")"
  { read -r address && read -r operators && read -r merchants && read -r authorities; } <<<"$found"
  base_url="${base_url:-https://$address}"
  export OPERATOR_KEY="${OPERATOR_KEY:-$operators}" API_KEY="${API_KEY:-${merchants%% *}}"
  if [ -z "${KEYS_FILE:-}" ]; then
    export KEYS_FILE="$PWD/.secrets/load-keys"
    mkdir -p -m 700 .secrets
    (umask 077 && tr ' ' '\n' <<<"$merchants" >"$KEYS_FILE")
  fi
  if [ -z "${PAYOPS_CA:-}" ] && [ -n "$authorities" ]; then keep_authorities "$authorities"; fi
}

keep_authorities() { # keep_authorities TEXT: certificates in base64, parted by spaces; two while the authority is changed
  local one
  export PAYOPS_CA="$PWD/.secrets/payops-ca.pem"
  mkdir -p -m 700 .secrets
  for one in $1; do base64 -d <<<"$one" && echo; done >"$PAYOPS_CA.$$"
  mv "$PAYOPS_CA.$$" "$PAYOPS_CA"
}

on() { # on GROUP COMMAND...: as root on the group's first machine; prints what it says, fails when it fails
  local group="$1" arguments
  shift
  arguments="$(python3 -I -S -c 'import json, sys; print(json.dumps({"argv": sys.argv[1:]}))' "$@")"
  (cd ansible && ../.venv/bin/ansible -i "$inventory" --playbook-dir . "${group}[0]" -b -m ansible.builtin.command -a "$arguments") \
    >"$scratch/on" 2>&1 || {
    cat "$scratch/on" >&2
    return 1
  }
}

kill_there() { # kill_there UNIT: at once, and systemd does not start it again before the drill has looked
  on application sh -c "systemctl kill --signal=KILL $1 && systemctl stop $1"
}

poison_there() { # poison_there MESSAGE...: only the workers may write to Kafka, so it is sent from their machine
  on application systemd-run --quiet --collect --pipe --wait --property EnvironmentFile=/etc/payops/relay.env \
    --property User=payops-relay /opt/payops/current/bin/python -c 'import os, sys
from confluent_kafka import Producer
from payments.platform.kafka.producer import client_options
names = ("BOOTSTRAP_SERVERS", "SECURITY_PROTOCOL", "SASL_USERNAME", "SASL_PASSWORD", "CA")
producer = Producer(client_options(*(os.environ["KAFKA_" + name] for name in names)))
for message in sys.argv[1:]:
    producer.produce("payment.captured", message.encode())
sys.exit(producer.flush(15))' "$@"
}

faults_there() { # faults_there METHOD [JSON]: of the acquirer's simulator, whose control is for its own machine alone
  on acquirer systemd-run --quiet --collect --pipe --wait --property EnvironmentFile=/etc/psp/psp.env \
    --property User=psp /opt/payops/psp/bin/python -c 'import os, sys, urllib.request
url = "http://{PSP_HOST}:{PSP_PORT}/_control/faults".format(**os.environ)
headers = {"Authorization": "Bearer " + os.environ["PSP_CONTROL_TOKEN"], "Content-Type": "application/json"}
body = sys.argv[2].encode() if len(sys.argv) > 2 else None
urllib.request.urlopen(urllib.request.Request(url, body, headers, method=sys.argv[1]), timeout=10)' "$@"
}

find_platform

: "${KAFKA_STOP_CMD:=on broker systemctl stop kafka}" "${KAFKA_START_CMD:=on broker systemctl start kafka}"
: "${REDIS_STOP_CMD:=on cache systemctl stop redis-server}" "${REDIS_START_CMD:=on cache systemctl start redis-server}"
: "${ACQUIRER_STOP_CMD:=on acquirer systemctl stop psp}" "${ACQUIRER_START_CMD:=on acquirer systemctl start psp}"
: "${ACQUIRER_LOSE_CMD:=faults_there PUT \"\$lost\"}" "${ACQUIRER_ANSWER_CMD:=faults_there DELETE}"
: "${DATABASE_STOP_CMD:=on database systemctl stop mariadb}" "${DATABASE_START_CMD:=on database systemctl start mariadb}"
: "${RELAY_KILL_CMD:=kill_there payops-relay}" "${RELAY_START_CMD:=on application systemctl start payops-relay}"
: "${LEDGER_KILL_CMD:=kill_there payops-ledger}" "${LEDGER_START_CMD:=on application systemctl start payops-ledger}"
: "${POISON_CMD:=poison_there \"\$unknown\" \"\$broken\"}"
: "${AUDIT_CMD:=on application /usr/local/sbin/payops audit --full}"
