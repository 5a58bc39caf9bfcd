"""Options of Kafka's clients, and a producer after a fatal error."""

import logging

import pytest
from confluent_kafka import KafkaError

from payments.platform.kafka.answers import CallFailed, ClusterChanged, OutgoingMessage
from payments.platform.kafka.producer import (
    FRESH_SECONDS,
    PROBE_INTERVAL,
    SASL_MECHANISM,
    Publisher,
    client_log,
    client_options,
)
from stack.broker import start_cluster
from worker.consumption import consumer_options

MESSAGE = OutgoingMessage("payment.voided", "1", "{}", [])


def test_without_a_user_there_is_no_sasl() -> None:
    options = client_options("k:9092", "PLAINTEXT", None, None)
    assert (options["bootstrap.servers"], options["reconnect.backoff.max.ms"]) == ("k:9092", 500)
    assert not [name for name in options if name.startswith("sasl")]


def test_user_and_password_are_passed_through() -> None:
    options = client_options("k:9092", "SASL_SSL", "payops", "secret")
    assert options["security.protocol"] == "SASL_SSL"
    assert (options["sasl.username"], options["sasl.password"]) == ("payops", "secret")
    assert options["sasl.mechanism"] == SASL_MECHANISM


@pytest.mark.parametrize("protocol", ["SSL", "SASL_SSL"])
def test_the_broker_is_verified_by_its_name_and_these_authorities(protocol: str) -> None:
    options = client_options("k:9092", protocol, None, None, "/etc/ca.pem")
    assert options["ssl.ca.location"] == "/etc/ca.pem"
    assert options["ssl.endpoint.identification.algorithm"] == "https"
    assert options["enable.ssl.certificate.verification"] is True
    assert "ssl.ca.location" not in client_options("k:9092", protocol, None, None)


def test_the_ledger_commits_by_itself_and_leaves_a_dead_member_soon() -> None:
    options = consumer_options({}, 12.5)
    assert options["enable.auto.commit"] is False
    assert (options["session.timeout.ms"], options["heartbeat.interval.ms"]) == (6000, 2000)
    assert (options["max.poll.interval.ms"], options["auto.offset.reset"]) == (12500, "earliest")


def test_nobody_there_is_noticed_within_the_probes_time() -> None:
    publisher = Publisher(client_options("127.0.0.1:1", "PLAINTEXT", None, None), call_timeout=60, probe_timeout=0.2)
    with pytest.raises(CallFailed, match="no answer to a metadata request"):
        publisher.hand_over([MESSAGE], lambda: False)
    with pytest.raises(CallFailed):
        publisher.check({"payment.voided": 3})
    publisher.purge()


def test_a_call_that_is_to_end_gives_up() -> None:
    carrier, bootstrap = start_cluster()
    publisher = Publisher(client_options(bootstrap, "PLAINTEXT", None, None), call_timeout=60, probe_timeout=5)
    with pytest.raises(CallFailed, match="did not confirm"):
        publisher.hand_over([MESSAGE], lambda: True)
    del carrier


def test_after_a_fatal_error_another_producer_goes_on() -> None:
    carrier, bootstrap = start_cluster()
    publisher = Publisher(client_options(bootstrap, "PLAINTEXT", None, None), call_timeout=10, probe_timeout=5)
    publisher.hand_over([MESSAGE], lambda: False)
    before = publisher._producer
    publisher._on_error(KafkaError(KafkaError._FATAL, "out of sequence", True))
    publisher.purge()
    publisher.hand_over([MESSAGE], lambda: False)
    assert publisher._producer is not before
    del carrier


def test_another_cluster_is_noticed_before_anything_is_sent_to_it() -> None:
    carrier, bootstrap = start_cluster()
    now = 0.0
    options = client_options(bootstrap, "PLAINTEXT", None, None)
    publisher = Publisher(options, call_timeout=10, probe_timeout=5, clock=lambda: now)
    cluster = publisher.check({})
    assert not publisher.check_due
    publisher.hand_over([MESSAGE], lambda: False)
    publisher._cluster_id = "the one that was there before"
    publisher.hand_over([MESSAGE], lambda: False)  # it answered just now
    for noticed_by in ("a pause", "a connection that broke", "time", "nothing new: it was not checked yet"):
        if noticed_by == "a connection that broke":
            publisher._on_error(KafkaError(KafkaError._TRANSPORT, "connection reset"))
        now += {"a pause": FRESH_SECONDS, "time": PROBE_INTERVAL}.get(noticed_by, 0) + 0.01
        with pytest.raises(ClusterChanged, match=str(cluster.cluster_id)):
            publisher.hand_over([MESSAGE], lambda: False)
        assert publisher.check_due
    publisher.check({})
    assert publisher.hand_over([MESSAGE], lambda: False).confirmed == {0}
    del carrier


def test_what_the_client_says_has_one_event_name(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        client_log().warning("%s [%s] %s", "FAIL", "producer-1", "Connection refused")
    (record,) = caplog.records
    assert record.getMessage() == "kafka_client"
    assert record.__dict__["detail"] == "FAIL [producer-1] Connection refused"
