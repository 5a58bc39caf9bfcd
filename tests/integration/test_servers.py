"""The test servers start, end, freeze and restart as tests expect, and remove their data."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil
import pymysql
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine, inspect, text

from payments.outbox.rules import DEAD_LETTER_TOPIC, PARTITIONS, TOPICS
from stack import kafka, workdir
from stack.kafka import KafkaServer
from stack.mariadb import MariaDBAddress, MariaDBServer
from stack.redis import RedisServer
from stack.server import ServerError, program
from tests import servers
from tests.servers import until

ROOT = Path(__file__).resolve().parents[2]


class TestEveryServer:
    """With Redis, which starts fastest."""

    def test_keeps_its_port_through_kill_and_restart(self, own_redis: RedisServer) -> None:
        port, first = own_redis.port, own_redis.pid
        own_redis.kill()
        assert not psutil.pid_exists(first)
        own_redis.start()
        own_redis.restart()
        assert own_redis.port == port
        assert own_redis.pid != first
        assert Redis.from_url(own_redis.url).ping()

    def test_frozen_accepts_connections_and_answers_nothing_until_thawed(self, own_redis: RedisServer) -> None:
        client = Redis.from_url(own_redis.url, socket_timeout=0.2, retry=None)
        client.ping()
        own_redis.freeze()
        assert psutil.Process(own_redis.pid).status() == psutil.STATUS_STOPPED
        with pytest.raises(RedisError):
            client.ping()
        own_redis.thaw()
        assert client.ping()

    def test_frozen_can_be_stopped_and_killed(self, own_redis: RedisServer) -> None:
        own_redis.freeze()
        own_redis.stop()
        own_redis.start()
        own_redis.freeze()
        own_redis.kill()

    def test_leaves_nothing_when_closed(self) -> None:
        with RedisServer() as server:
            pid, folder = server.pid, server.folder
        assert not psutil.pid_exists(pid)
        assert not folder.exists()

    def test_dies_with_its_parent_and_its_folder_is_swept_later(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # a place of its own: in the shared one each server that starts sweeps, also other tests'
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        parent, started = parent_with_server("stack.redis", "RedisServer")
        parent.kill()
        parent.wait()
        until(lambda: not psutil.pid_exists(started["pid"]), "the server died with its parent")
        assert Path(started["folder"]).is_relative_to(tmp_path)
        assert Path(started["folder"]).exists()
        workdir.remove(workdir.make("sweeper"))
        assert not Path(started["folder"]).exists()

    def test_shows_the_end_of_its_log_when_it_cannot_start(self) -> None:
        class Broken(RedisServer):
            def _command(self) -> list[str]:
                return [*super()._command(), "--no-such-option", "1"]

        with pytest.raises(ServerError, match=r"redis ended with code 1.*\n(.*\n)*.*no-such-option"), Broken():
            pass

    def test_names_the_package_of_a_missing_program(self) -> None:
        with pytest.raises(ServerError, match=r"^no-such-server is not installed; install the package its-package"):
            program("no-such-server", "its-package")

    def test_refuses_what_makes_no_sense(self, own_redis: RedisServer) -> None:
        with pytest.raises(ServerError, match="runs already"):
            own_redis.start()
        own_redis.stop()
        own_redis.stop()
        with pytest.raises(ServerError, match="does not run"):
            own_redis.freeze()


class TestMariaDB:
    """Specific to MariaDB."""

    def test_is_as_durable_as_production(self, mariadb_server: MariaDBAddress) -> None:
        wanted = {
            "log_bin": 1,
            "log_bin_trust_function_creators": 1,
            "sync_binlog": 1,
            "innodb_flush_log_at_trx_commit": 1,
            "max_connections": 200,
            "skip_name_resolve": 1,
        }
        found = query(mariadb_server, "SELECT " + ", ".join(f"@@{name}" for name in wanted))[0]
        assert dict(zip(wanted, found, strict=True)) == wanted

    def test_lets_nobody_in_without_a_password(self, mariadb_server: MariaDBAddress) -> None:
        for user in ("", "root", "tester"):
            with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
                pymysql.connect(host="127.0.0.1", port=mariadb_server.port, user=user)

    def test_keeps_what_was_committed_before_kill_9(self, own_mariadb: MariaDBServer) -> None:
        address = own_mariadb.address
        address.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT)", "INSERT INTO d.t VALUES (1)")
        own_mariadb.kill()
        own_mariadb.start()
        assert query(address, "SELECT a FROM d.t") == ((1,),)

    def test_dies_with_its_parent_though_it_runs_as_another_user(self) -> None:
        parent, started = parent_with_server("stack.mariadb", "MariaDBServer")
        parent.kill()
        parent.wait()
        until(lambda: not psutil.pid_exists(started["pid"]), "the server died with its parent")
        workdir.remove(Path(started["folder"]))

    def test_frozen_holds_queries_back(self, own_mariadb: MariaDBServer) -> None:
        own_mariadb.freeze()
        with pytest.raises(pymysql.err.OperationalError):
            pymysql.connect(
                host="127.0.0.1", port=own_mariadb.port, user="tester", password="", connect_timeout=1, read_timeout=1
            )
        own_mariadb.thaw()
        assert query(own_mariadb.address, "SELECT 1") == ((1,),)


class TestDatabases:
    """A test's part of the shared servers."""

    def test_each_test_has_the_tables_and_no_rows(self, engine: Engine) -> None:
        with engine.connect() as connection:
            assert "ledger_entry" in inspect(connection).get_table_names()
            assert connection.execute(text("SELECT COUNT(*) FROM payment")).scalar_one() == 0

    def test_loading_the_schema_gives_what_migrating_gives(self, mariadb_server: MariaDBAddress) -> None:
        schema = servers.schema_of_migrations(mariadb_server)
        with (
            servers.migrated_database(mariadb_server, schema) as loaded,
            servers.migrated_database(mariadb_server) as made,
        ):
            assert shape(mariadb_server, loaded) == shape(mariadb_server, made)

    def test_redis_is_empty(self, redis_url: str) -> None:
        with Redis.from_url(redis_url) as client:
            assert client.dbsize() == 0
            client.set("left", "behind")


class TestKafka:
    """Specific to Kafka."""

    def test_frozen_is_not_ready_and_after_kill_9_it_has_its_messages(self, own_kafka: KafkaServer) -> None:
        servers.empty_topics(own_kafka.bootstrap, ["t"], 1)
        send(own_kafka.bootstrap, "t", b"kept")
        own_kafka.freeze()
        assert not kafka.answers(own_kafka.client_options, 0.5)
        own_kafka.thaw()
        until(lambda: kafka.answers(own_kafka.client_options, 1), "Kafka answers again")
        own_kafka.kill()
        own_kafka.start()
        assert receive(own_kafka.bootstrap, "t") == b"kept"

    def test_is_a_cluster_of_its_own(self, kafka_server: KafkaServer) -> None:
        admin = AdminClient({"bootstrap.servers": kafka_server.bootstrap})
        assert admin.list_topics(timeout=5).cluster_id == kafka_server.cluster_id

    @pytest.mark.parametrize("time", ["first", "again"])
    def test_topics_are_there_and_empty_each_time(self, kafka_bootstrap: str, time: str) -> None:
        topics = AdminClient({"bootstrap.servers": kafka_bootstrap}).list_topics(timeout=5).topics
        led = {name: len(topic.partitions) for name, topic in topics.items() if not name.startswith("__")}
        assert led == dict.fromkeys([*TOPICS.values(), DEAD_LETTER_TOPIC], PARTITIONS)
        send(kafka_bootstrap, DEAD_LETTER_TOPIC, time.encode())
        assert receive(kafka_bootstrap, DEAD_LETTER_TOPIC) == time.encode()


def parent_with_server(module: str, server: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """A process that started a server and waits for ever; what it tells of the server."""
    code = f"""
import json, signal
from {module} import {server}
server = {server}()
server.start()
print(json.dumps({{"pid": server.pid, "folder": str(server.folder)}}), flush=True)
signal.pause()
"""
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    return parent, json.loads(parent.stdout.readline())


def query(address: MariaDBAddress, statement: str) -> tuple[tuple[object, ...], ...]:
    connection = pymysql.connect(host="127.0.0.1", port=address.port, user="tester", password=address.password)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def shape(address: MariaDBAddress, url: str) -> set[tuple[object, ...]]:
    """Columns, constraints, triggers and views of a database, without its name."""
    database = url.rsplit("/", 1)[1]
    questions = [
        "SELECT table_name, column_name, column_type, collation_name, is_nullable, column_default, extra"
        f" FROM information_schema.columns WHERE table_schema = '{database}'",
        "SELECT table_name, check_clause FROM information_schema.check_constraints"
        f" WHERE constraint_schema = '{database}'",
        f"SELECT trigger_name, action_statement FROM information_schema.triggers WHERE trigger_schema = '{database}'",
        "SELECT table_name, index_name, column_name, seq_in_index, non_unique FROM information_schema.statistics"
        f" WHERE table_schema = '{database}'",
        "SELECT table_name, constraint_name, delete_rule FROM information_schema.referential_constraints"
        f" WHERE constraint_schema = '{database}'",
    ]
    return {row for question in questions for row in query(address, question)}


def send(bootstrap: str, topic: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    producer.produce(topic, value)
    assert producer.flush(10) == 0


def receive(bootstrap: str, topic: str) -> bytes | None:
    """The first message of the topic."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "test", "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        message = until(lambda: consumer.poll(1.0), f"a message of {topic}")
        assert not message.error(), message.error()
        return message.value()
    finally:
        consumer.close()
