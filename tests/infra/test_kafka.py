"""Kafka: the broker answers, its topics are there; only the relay writes them, only the ledger reads them."""

import json
import re

import pytest

from tests.infra import clients, inventory
from tests.infra.asking import arguments_of_processes

TOPICS = ("authorized", "captured", "refunded", "voided", "expired", "dlq")
TOOL = "java -Dlog4j.configuration=file:/etc/kafka/tools-log4j.properties -cp '/opt/kafka/current/libs/*'"
OPTIONS = "--command-config /etc/kafka/admin.properties"
EXPOSURE_LIMIT = 4.0
CLIENTS = ("relay", "ledger")
PLANTED = "infra-planted"
"""A topic without access rules."""


@pytest.fixture
def broker(host_of):
    return host_of("broker")


@pytest.fixture
def ask(broker, secrets):
    """user, kcat's arguments → the broker's answer."""
    address = f"{inventory.first_address('broker')}:9092"

    def kcat(user: str, *arguments: str, message: str = "") -> clients.Answer:
        password = secrets.get(f"vault_kafka_{user}_password", "wrong")
        return clients.kcat(broker, user, password, "-b", address, *arguments, message=message)

    return kcat


def test_it_comes_back_after_a_boot(broker) -> None:
    assert broker.service("kafka").is_enabled
    assert broker.service("kafka").is_running


def test_it_is_sandboxed(broker) -> None:
    said = broker.check_output("systemd-analyze security --no-pager kafka.service")
    found = re.search(r"exposure level for kafka.service: ([0-9.]+)", said)
    assert found
    assert float(found[1]) <= EXPOSURE_LIMIT


def test_it_runs_as_its_own_user(broker) -> None:
    assert broker.check_output("ps -o user= -C java").split() == ["kafka"]
    assert broker.user("kafka").shell == "/usr/sbin/nologin"


@pytest.mark.parametrize(
    ("path", "group", "mode"),
    [
        ("/etc/kafka", "kafka", 0o750),
        ("/etc/kafka/server.properties", "kafka", 0o640),
        ("/etc/kafka/admin.properties", "root", 0o600),
        ("/etc/kafka/kcat.conf", "root", 0o600),
    ],
)
def test_its_secrets_are_not_for_everybody(broker, path: str, group: str, mode: int) -> None:
    file = broker.file(path)
    assert (file.user, file.group, file.mode) == ("root", group, mode)


def test_its_key_is_for_nobody_else(broker) -> None:
    file = broker.file("/run/kafka/keystore.pem")
    assert (file.user, file.group, file.mode) == ("kafka", "kafka", 0o600)
    assert broker.check_output("findmnt -no FSTYPE -T /run/kafka/keystore.pem") == "tmpfs"


def test_it_reads_its_certificate_again_without_a_restart(broker) -> None:
    ask = "systemctl show --property MainPID --value kafka"
    before = broker.check_output(ask)
    said = broker.run("/usr/local/sbin/kafka-new-certificate")
    assert (said.rc, said.stderr) == (0, "")
    assert broker.check_output(ask) == before


def test_the_controller_is_for_this_machine_alone(broker) -> None:
    listening = broker.check_output("ss -H -ltn").splitlines()
    ends = {line.split()[3].replace("[::ffff:", "").replace("]", "") for line in listening}
    assert {end for end in ends if end.endswith(":9094")} == {"127.0.0.1:9094"}


def test_no_password_is_in_the_list_of_processes(broker, secrets) -> None:
    lines = arguments_of_processes(broker)
    assert not [name for name, value in secrets.items() if value and value in lines]


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_there(ask, topic: str) -> None:
    said = json.loads(ask("admin", "-L", "-J").value)
    partitions = {item["topic"]: len(item["partitions"]) for item in said["topics"]}
    assert partitions.get(f"payment.{topic}") == 6


@pytest.mark.parametrize("user", ["nobody", "Relay", "worker", "housekeeping", "api"])
def test_a_stranger_is_refused(ask, user: str) -> None:
    assert "authentication" in ask(user, "-L", "-m", "5").error.lower()


def test_without_a_login_nothing_is_told(broker) -> None:
    tls = f"-X security.protocol=SSL -X ssl.ca.location={clients.CA}"
    done = broker.run(f"timeout 20 kcat {tls} -b %s:9092 -L -m 5", inventory.first_address("broker"))
    assert done.rc != 0


def test_the_relay_writes_and_the_ledger_reads(ask) -> None:
    """One message to the dead letters' topic, which the ledger does not subscribe to, and back."""
    assert ask("relay", "-P", "-t", "payment.dlq", "-p", "0", message="infra").error == ""
    said = ask("ledger", "-C", "-t", "payment.dlq", "-p", "0", "-o", "-1", "-c", "1", "-q")
    assert said.value.strip() == "infra"


def test_the_relay_reads_nothing(ask) -> None:
    refused = ask("relay", "-C", "-t", "payment.dlq", "-p", "0", "-o", "-1", "-c", "1", "-q")
    assert "authorization failed" in refused.error.lower()


def test_the_relay_is_in_no_group(ask) -> None:
    refused = ask("relay", "-G", "payops-ledger", "-X", "session.timeout.ms=6000", "-e", "payment.dlq")
    assert "group authorization failed" in refused.error.lower()


def test_the_ledger_writes_nothing(ask) -> None:
    refused = ask("ledger", "-P", "-t", "payment.dlq", "-p", "0", "-X", "message.timeout.ms=5000", message="no").error
    assert "authorization failed" in refused.lower()


@pytest.mark.parametrize("user", CLIENTS)
def test_a_client_sees_no_other_topic(broker, ask, user: str) -> None:
    """Also an existing one; and writing creates none."""
    address = inventory.first_address("broker")
    command = f"{TOOL} org.apache.kafka.tools.TopicCommand --bootstrap-server {address}:9092 {OPTIONS}"
    broker.check_output(f"{command} --create --if-not-exists --topic {PLANTED} --partitions 1 --replication-factor 1")
    try:
        listed = json.loads(ask(user, "-L", "-J").value)
        assert PLANTED not in {item["topic"] for item in listed["topics"]}
        refused = ask(user, "-P", "-t", PLANTED, "-X", "message.timeout.ms=5000", message="no").error
        assert "authorization failed" in refused.lower()
    finally:
        broker.check_output(f"{command} --delete --topic {PLANTED}")


def test_the_ledger_reads_in_no_other_group(ask) -> None:
    refused = ask("ledger", "-G", "another-group", "-X", "session.timeout.ms=6000", "-e", "payment.dlq")
    assert "group authorization failed" in refused.error.lower()


def test_the_rules_of_access_are_exactly_these(broker) -> None:
    address = inventory.first_address("broker")
    said = broker.check_output(f"{TOOL} kafka.admin.AclCommand --bootstrap-server {address}:9092 {OPTIONS} --list")
    rules = set()
    for block in said.split("Current ACLs for resource")[1:]:
        (resource,) = re.findall(r"resourceType=(\w+), name=([\w.-]+), patternType=(\w+)", block)
        each = re.findall(r"principal=User:(\S+), host=\*, operation=(\w+), permissionType=(\w+)", block)
        rules |= {(*resource, *rule) for rule in each}
    topics = ("TOPIC", "payment.", "PREFIXED")
    wanted = {(*topics, "relay", operation, "ALLOW") for operation in ("CREATE", "DESCRIBE", "WRITE")}
    wanted |= {(*topics, "ledger", operation, "ALLOW") for operation in ("DESCRIBE", "READ")}
    assert rules == wanted | {("GROUP", "payops-ledger", "LITERAL", "ledger", "READ", "ALLOW")}


def test_no_login_is_left_that_nobody_uses(broker) -> None:
    address = inventory.first_address("broker")
    command = f"{TOOL} kafka.admin.ConfigCommand --bootstrap-server {address}:9092 {OPTIONS}"
    said = broker.check_output(f"{command} --describe --entity-type users")
    assert set(re.findall(r"user-principal '([^']+)'", said)) == {"admin", *CLIENTS}
