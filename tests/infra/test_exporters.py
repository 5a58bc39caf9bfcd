"""The exporters export their metrics over TLS, to clients with a certificate; their logins have no other rights."""

from typing import Any

import pytest

from tests.infra import inventory
from tests.infra.asking import (
    CERTIFICATES,
    EXPOSURE_LIMIT,
    command_line_and_environment,
    exposure,
    fetch,
    mode_and_owner,
)
from tests.servers import until

TEXTFILES = "/var/lib/prometheus/node-exporter"


def metrics(host: Any, group: str, port: int) -> str:
    status, text = fetch(host, f"https://{inventory.first_address(group)}:{port}/metrics", certificate="exporter")
    assert status == 200
    return text


@pytest.fixture(scope="module")
def database(host_of) -> Any:
    return host_of("database")


@pytest.fixture(scope="module")
def cache(host_of) -> Any:
    return host_of("cache")


def test_the_node_exporter_runs_at_boot_and_is_sandboxed(each_host) -> None:
    unit = each_host.service("prometheus-node-exporter")
    assert unit.is_running
    assert unit.is_enabled
    assert exposure(each_host, "prometheus-node-exporter") <= EXPOSURE_LIMIT


def test_the_node_exporter_is_not_on_every_address(database) -> None:
    address = inventory.first_address("database")
    assert database.socket(f"tcp://{address}:9100").is_listening
    assert not database.socket("tcp://127.0.0.1:9100").is_listening


def test_the_sandbox_does_not_change_what_is_reported(database) -> None:
    text = metrics(database, "database", 9100)
    root = [line for line in text.splitlines() if "node_filesystem_readonly" in line and 'mountpoint="/"' in line]
    assert [line.rpartition(" ")[2] for line in root] == ["0"]


def test_a_text_file_is_exported(database) -> None:
    line = "payops_infra_test_seconds 42"
    database.check_output(f"echo '{line}' > {TEXTFILES}/infra-test.prom")
    try:
        assert line in metrics(database, "database", 9100)
    finally:
        database.check_output(f"rm {TEXTFILES}/infra-test.prom")
    until(lambda: line not in metrics(database, "database", 9100), "gone again", interval=0.5)


@pytest.mark.parametrize(("group", "port"), [("all", 9100), ("database", 9104), ("cache", 9121)])
def test_they_answer_nobody_without_a_certificate_of_ours(host_of, group: str, port: int) -> None:
    host, place = host_of(group), f"{inventory.first_address(group)}:{port}/metrics"
    verified = f"curl --silent --show-error --max-time 10 --cacert {CERTIFICATES}/ca.pem"
    shown = f"--cert {CERTIFICATES}/exporter.pem --key {CERTIFICATES}/exporter.key"
    assert host.run(f"{verified} {shown} https://{place}").rc == 0
    refused = host.run(f"{verified} https://{place}")
    assert (refused.rc != 0, refused.stdout) == (True, ""), "without a certificate"
    assert host.check_output(f"curl --silent --max-time 10 http://{place}").startswith("Client sent an HTTP request")


@pytest.mark.parametrize("unit", ["prometheus-mysqld-exporter", "prometheus-redis-exporter"])
def test_the_key_is_a_credential_of_the_unit_alone(database, unit: str) -> None:
    pid = database.check_output(f"systemctl show --property MainPID --value {unit}")
    owner = database.check_output(f"stat --format %u /proc/{pid}")
    folder = f"/run/credentials/{unit}.service"
    assert database.run(f"setpriv --reuid={owner} --clear-groups cat {CERTIFICATES}/exporter.key").rc != 0
    assert database.run(f"runuser -u nobody -- cat {folder}/exporter.key").rc != 0
    assert database.run(f"cmp {folder}/exporter.key {CERTIFICATES}/exporter.key").rc == 0


@pytest.mark.parametrize(
    ("group", "port", "line"),
    [
        ("database", 9104, "mysql_up 1"),
        ("database", 9104, "mysql_global_variables_innodb_flush_log_at_trx_commit 1"),
        ("cache", 9121, "redis_up 1"),
        ("cache", 9121, 'redis_exporter_last_scrape_error{err=""} 0'),
    ],
)
def test_the_exporter_is_logged_in(host_of, group: str, port: int, line: str) -> None:
    assert f"\n{line}\n" in metrics(host_of(group), group, port)


@pytest.mark.parametrize("unit", ["prometheus-mysqld-exporter", "prometheus-redis-exporter"])
def test_they_run_at_boot_sandboxed_and_as_nobody_else(database, unit: str) -> None:
    assert database.service(unit).is_running
    assert database.service(unit).is_enabled
    assert exposure(database, unit) <= EXPOSURE_LIMIT
    pid = database.check_output(f"systemctl show --property MainPID --value {unit}")
    owner = int(database.check_output(f"stat --format %u /proc/{pid}"))
    assert 61184 <= owner <= 65519, "not one of systemd's dynamic users"


@pytest.mark.parametrize(
    ("unit", "path"),
    [
        ("prometheus-mysqld-exporter", "/etc/prometheus-mysqld-exporter/my.cnf"),
        ("prometheus-redis-exporter", "/etc/prometheus-redis-exporter/passwords.json"),
    ],
)
def test_the_login_is_for_roots_eyes_only(database, unit: str, path: str) -> None:
    assert mode_and_owner(database, path) == "600 root root"
    assert database.run(f"runuser -u prometheus -- cat {path}").rc != 0
    held = database.file(path).content_string
    password = held.split("password = ")[1].split()[0] if "password = " in held else held.split('"')[3]
    assert len(password) >= 16
    assert password not in command_line_and_environment(database, unit)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM paydb.payment LIMIT 1",
        "INSERT INTO paydb.ledger_entry (payment_id) VALUES (1)",
        "SELECT authentication_string FROM mysql.user",
        "CREATE DATABASE planted",
        "SHUTDOWN",
    ],
)
def test_the_exporters_login_cannot_touch_the_database(database, statement: str) -> None:
    login = "mariadb --defaults-file=/etc/prometheus-mysqld-exporter/my.cnf"
    assert database.run(f"{login} --execute 'SHOW GLOBAL STATUS'").rc == 0
    done = database.run(f"{login} --execute '{statement}'")
    assert done.rc != 0
    assert "denied" in done.stderr


@pytest.mark.parametrize("command", ["GET x", "SET x 1", "KEYS *", "FLUSHALL", "CONFIG SET maxmemory 1", "SHUTDOWN"])
def test_the_exporters_login_can_only_look_at_redis(cache, command: str) -> None:
    read = (
        "python3 -c 'import json; print(*json.load(open(\"/etc/prometheus-redis-exporter/passwords.json\")).values())'"
    )
    login = f"REDISCLI_AUTH=$({read}) redis-cli --tls --cacert {CERTIFICATES}/ca.pem --user exporter"
    assert "redis_version" in cache.check_output(f"{login} INFO server")
    assert "NOPERM" in cache.check_output(f"{login} {command} 2>&1")
