"""Redis: only known users, each with its commands, and a memory limit."""

import re

import pytest

from tests.infra import clients, inventory


@pytest.fixture
def cache(host_of):
    return host_of("cache")


@pytest.fixture
def ask(host_of, secrets):
    """user, command → Redis' answer to the application's machine."""
    host, address = host_of("application"), inventory.first_address("cache")
    return lambda user, *command: clients.redis(host, address, user, secrets[f"vault_redis_{user}_password"], *command)


def test_it_comes_back_after_a_boot(cache) -> None:
    assert cache.package("redis-server").is_installed
    assert cache.service("redis-server").is_enabled
    assert cache.service("redis-server").is_running


@pytest.mark.parametrize(("user", "password"), [(None, None), ("default", ""), ("app", "wrong"), ("nobody", "x")])
def test_a_stranger_is_refused(host_of, user: str | None, password: str | None) -> None:
    address = inventory.first_address("cache")
    said = clients.redis(host_of("application"), address, user, password, "PING")
    assert re.search(r"NOAUTH|[Aa]uthentication|WRONGPASS|invalid username-password", said.error), said


@pytest.mark.parametrize(
    "command",
    [
        ("SET", "infra:key", "1", "PX", 60000),
        ("GET", "infra:key"),
        ("PEXPIRE", "infra:key", 60000),
        ("PTTL", "infra:key"),
        ("EVAL", "return redis.call('INCR', KEYS[1])", 1, "infra:key"),
        ("SCRIPT", "LOAD", "return 1"),
        ("DEL", "infra:key"),
    ],
)
def test_the_application_can_do_its_work(ask, command: tuple[object, ...]) -> None:
    assert ask("app", *command).error == ""


@pytest.mark.parametrize(
    ("user", "command"),
    [
        ("app", ("FLUSHALL",)),
        ("app", ("KEYS", "*")),
        ("app", ("CONFIG", "GET", "*")),
        ("app", ("ACL", "LIST")),
        ("app", ("SHUTDOWN",)),
        ("app", ("CLIENT", "KILL", "TYPE", "normal")),
        ("app", ("REPLICAOF", "127.0.0.1", "1")),
        ("exporter", ("GET", "infra:key")),
        ("exporter", ("SET", "infra:key", "1")),
        ("exporter", ("EVAL", "return 1", 0)),
        ("exporter", ("CONFIG", "SET", "maxmemory", "0")),
        ("exporter", ("FLUSHALL",)),
    ],
)
def test_nobody_can_do_more(ask, user: str, command: tuple[object, ...]) -> None:
    assert re.search(r"no permissions|NOPERM", ask(user, *command).error), "this should have been refused"


def test_the_exporter_sees_counters(ask) -> None:
    assert "uptime_in_seconds" in ask("exporter", "INFO").value


@pytest.mark.parametrize(
    ("setting", "value"),
    [("maxmemory", str(128 * 2**20)), ("maxmemory-policy", "allkeys-lru"), ("appendonly", "no"), ("save", "")],
)
def test_it_is_a_cache(ask, setting: str, value: str) -> None:
    said = ask("exporter", "CONFIG", "GET", setting).value
    assert (said[setting] if isinstance(said, dict) else said[1]) == value


@pytest.mark.parametrize("name", ["redis.conf", "users.acl"])
def test_its_files_are_its_own(cache, name: str) -> None:
    file = cache.file(f"/etc/redis/{name}")
    assert (file.user, file.group, file.mode) == ("redis", "redis", 0o640)


def test_only_root_knows_the_administrators_password(cache) -> None:
    file = cache.file("/etc/redis/administrator.password")
    assert (file.user, file.group, file.mode) == ("root", "root", 0o600)


def test_the_administrator_shows_it_certificates_and_does_nothing_else(cache) -> None:
    assert cache.check_output("/usr/local/sbin/redis-new-certificate") == "OK"
    login = "REDISCLI_AUTH=$(cat /etc/redis/administrator.password) redis-cli -s /run/redis/redis.sock"
    for command in ("GET infra:key", "CONFIG GET dir", "ACL LIST", "SHUTDOWN"):
        assert "NOPERM" in cache.check_output(f"{login} --user administrator --no-auth-warning {command}")


def test_others_cannot_open_its_socket(cache) -> None:
    assert cache.run("runuser -u nobody -- redis-cli -s /run/redis/redis.sock PING").rc != 0


def test_no_password_is_in_its_files(cache, secrets) -> None:
    text = cache.check_output("cat /etc/redis/redis.conf /etc/redis/users.acl")
    assert not [name for name, value in secrets.items() if value and value in text]
