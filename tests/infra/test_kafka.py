"""Kafka: the broker answers, its topics are there, and the worker alone writes and reads them."""

import json
import re

import pytest

from tests.infra import clients, inventory

TOPICS = ("authorized", "captured", "refunded", "voided", "expired", "dlq")
TOOL = "java -Dlog4j.configuration=file:/etc/kafka/tools-log4j.properties -cp '/opt/kafka/current/libs/*'"
OPTIONS = "--command-config /etc/kafka/admin.properties"
EXPOSURE_LIMIT = 4.0
PLANTED = "infra-planted"
"""A topic that nobody has a rule for."""


@pytest.fixture
def broker(host_of):
    return host_of("broker")


@pytest.fixture
def ask(broker, secrets):
    """user, kcat's arguments → what the broker says."""
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


def test_no_password_is_in_the_list_of_processes(broker, secrets) -> None:
    lines = broker.check_output("ps -eo args")
    assert not [name for name, value in secrets.items() if value and value in lines]


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_there(ask, topic: str) -> None:
    said = json.loads(ask("admin", "-L", "-J").value)
    partitions = {item["topic"]: len(item["partitions"]) for item in said["topics"]}
    assert partitions.get(f"payment.{topic}") == 6


@pytest.mark.parametrize("user", ["nobody", "Worker"])
def test_a_stranger_is_refused(ask, user: str) -> None:
    assert "authentication" in ask(user, "-L", "-m", "5").error.lower()


def test_without_a_login_nothing_is_told(broker) -> None:
    done = broker.run("timeout 20 kcat -b %s:9092 -L -m 5", inventory.first_address("broker"))
    assert done.rc != 0


def test_the_worker_writes_and_reads_as_the_ledger(ask) -> None:
    """One message to the dead letters' topic, which the ledger does not read, and back."""
    assert ask("worker", "-P", "-t", "payment.dlq", "-p", "0", message="infra").error == ""
    said = ask("worker", "-C", "-t", "payment.dlq", "-p", "0", "-o", "-1", "-c", "1", "-q")
    assert said.value.strip() == "infra"


def test_the_worker_sees_no_other_topic(broker, ask) -> None:
    """Also one that exists; and it makes none by writing."""
    address = inventory.first_address("broker")
    command = f"{TOOL} org.apache.kafka.tools.TopicCommand --bootstrap-server {address}:9092 {OPTIONS}"
    broker.check_output(f"{command} --create --if-not-exists --topic {PLANTED} --partitions 1 --replication-factor 1")
    try:
        listed = json.loads(ask("worker", "-L", "-J").value)
        assert PLANTED not in {item["topic"] for item in listed["topics"]}
        refused = ask("worker", "-P", "-t", PLANTED, "-X", "message.timeout.ms=5000", message="no").error
        assert "authorization failed" in refused.lower()
    finally:
        broker.check_output(f"{command} --delete --topic {PLANTED}")


def test_the_worker_reads_in_no_other_group(ask) -> None:
    refused = ask("worker", "-G", "another-group", "-X", "session.timeout.ms=6000", "-e", "payment.dlq")
    assert "group authorization failed" in refused.error.lower()


def test_the_rules_of_access_are_exactly_these(broker) -> None:
    address = inventory.first_address("broker")
    said = broker.check_output(f"{TOOL} kafka.admin.AclCommand --bootstrap-server {address}:9092 {OPTIONS} --list")
    resources = re.findall(r"resourceType=(\w+), name=([\w.-]+), patternType=(\w+)", said)
    assert sorted(resources) == [("GROUP", "payops-ledger", "LITERAL"), ("TOPIC", "payment.", "PREFIXED")]
    rules = re.findall(r"principal=(\S+), host=\*, operation=(\w+), permissionType=(\w+)", said)
    assert sorted(rules) == [("User:worker", operation, "ALLOW") for operation in ("DESCRIBE", "READ", "READ", "WRITE")]
