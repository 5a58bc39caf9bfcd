"""`python -m worker …` under a supervisor: output, exit codes, stop."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from sqlalchemy import Engine

from stack.ports import free_port
from tests.integration.worker.workers import events_of, logged, number, pay, process, unposted
from tests.servers import until

STOP_SECONDS = 20
"""What their systemd unit gives them before it kills them (payops_stop_seconds)."""


@pytest.fixture
def database_url(mariadb_url: str) -> str:
    """Only on MariaDB: these tests are about processes."""
    return mariadb_url


def ran(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, timeout=180, check=False
    )


def test_relay_and_ledger_move_an_event_and_stop_in_good_order(
    engine: Engine, database_url: str, kafka_bootstrap: str, tmp_path: Path
) -> None:
    relay_log, ledger_log = tmp_path / "relay.log", tmp_path / "ledger.log"
    with (
        process("relay", database_url, kafka_bootstrap, relay_log) as relay,
        process("ledger", database_url, kafka_bootstrap, ledger_log) as ledger,
    ):
        pay(engine, "a", 3)
        until(lambda: unposted(engine) == 0, "all is posted", seconds=40)
        assert "outbox_published_total" in fetched(relay_log, "/metrics")
        assert "ledger_events_total" in fetched(ledger_log, "/metrics")
        assert json.loads(fetched(ledger_log, "/health"))["status"] == "UP"
        for worker in (relay, ledger):
            worker.terminate()
        assert [worker.wait(STOP_SECONDS) for worker in (relay, ledger)] == [0, 0]
    assert logged(relay_log, "relay_stopped")
    assert logged(ledger_log, "ledger_stopped")
    assert number(engine, "SELECT COUNT(*) FROM lease WHERE name = 'relay' AND expires_at > NOW(6)") == 0, "given back"


def fetched(log: Path, path: str) -> str:
    port = next(line["port"] for line in events_of(log) if line["event"] == "metrics_served")
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return str(answer.read().decode())


@pytest.mark.parametrize("command", ["relay", "ledger"])
def test_without_kafka_and_database_it_waits_and_still_stops_in_time(command: str, tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    log = tmp_path / "worker.log"
    with process(command, f"mysql+pymysql://x:x@{nobody}/x", nobody, log) as worker:
        until(lambda: logged(log, "database_failed") or logged(log, "heartbeat_failed"), "it says what is wrong")
        assert worker.poll() is None
        worker.terminate()
        assert worker.wait(STOP_SECONDS) == 0


def test_bad_settings_are_sentences_and_exit_code_2() -> None:
    done = ran("-m", "worker", "relay", APP_CB_KAFKA_CALL_TIMEOUT_SECONDS="x")
    assert done.returncode == 2
    assert "DATABASE_URL is not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_a_sentence_and_exit_code_2(kafka_bootstrap: str) -> None:
    port = kafka_bootstrap.rsplit(":", 1)[1]
    done = ran("-m", "worker", "ledger", DATABASE_URL="sqlite:///x.db", WORKER_METRICS_PORT=port)
    assert (done.returncode, f"Port {port} is taken" in done.stderr) == (2, True)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["audit", "republish"])
def test_commands_that_need_no_kafka_do_not_load_its_client(command: str) -> None:
    code = (
        "import sys; from worker.__main__ import main\n"
        f"try: main(['{command}', '--help'])\n"
        "except SystemExit: pass\n"
        "print('loaded' if 'confluent_kafka' in sys.modules else 'not loaded')"
    )
    done = ran("-c", code)
    assert done.stdout.endswith("\nnot loaded\n"), done.stderr


def test_help_names_every_command() -> None:
    done = ran("-m", "worker", "--help")
    assert all(name in done.stdout for name in ("relay", "ledger", "housekeeping", "audit", "republish"))
