"""Starting and stopping gunicorn: bad settings are one sentence, and a stop loses no accepted request."""

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from payments.platform.database import create_engine
from payments.platform.tables.payments import payment as payment_table
from tests import servers
from tests.e2e.gunicorn import ROOT, ApiServer


def test_a_stop_finishes_what_was_accepted(mariadb_url: str, redis_url: str) -> None:
    engine = create_engine(mariadb_url)
    with ApiServer(mariadb_url, redis_url) as api, engine.connect() as other, ThreadPoolExecutor(1) as threads:
        payment = api.authorize("a").json()["paymentId"]
        other.execute(select(payment_table).with_for_update())  # the capture has to wait for this lock
        capture = threads.submit(api.post, f"/payments/capture/{payment}", {"merchantId": "M1"})
        waiting = text("SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")
        with engine.connect() as watcher:
            # MariaDB caches this for 0.1 s, so ask less often
            servers.until(lambda: watcher.execute(waiting).scalar(), "the capture waits for the lock", interval=0.15)
        api.ask_to_stop()
        servers.until(lambda: not _listens(api.port), "the API takes no more requests")
        other.rollback()
        assert capture.result().json()["status"] == "CAPTURED"
        api.stop()
    engine.dispose()


def test_a_stop_under_load_loses_no_answer(mariadb_url: str, redis_url: str) -> None:
    with ApiServer(mariadb_url, redis_url, workers=2) as api, ThreadPoolExecutor(20) as threads:
        sent = [threads.submit(_answered, api, f"k{number}") for number in range(200)]
        servers.until(lambda: sum(answer.done() for answer in sent) > 20, "some requests are answered")
        api.ask_to_stop()
        answered = {payment for payment in (answer.result() for answer in sent) if payment}
        api.stop()
    engine = create_engine(mariadb_url)
    with engine.connect() as connection:
        stored = set(connection.scalars(select(payment_table.c.payment_id)))
    engine.dispose()
    assert answered == stored


def _answered(api: ApiServer, key: str) -> int | None:
    """The payment's id; None when no connection could be made."""
    try:
        with socket.create_connection(("127.0.0.1", api.port), timeout=10):
            pass
        return int(api.authorize(key).json()["paymentId"])
    except OSError:  # refused, or reset in the listener's backlog: not accepted
        return None


def test_an_idle_api_stops_at_once_although_clients_stay_connected(sqlite_url: str, redis_url: str) -> None:
    import requests

    with ApiServer(sqlite_url, redis_url) as api, requests.Session() as http:
        assert http.get(f"{api.url}/health/live").ok
        api.stop()
        assert "graceful timeout" not in api.log.read_text(), "it waited for a client that had nothing to say"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "sqlite:///x", "ADMIN_TOKEN": "short"}, "ADMIN_TOKEN must be at least 16 characters"),
        ({"PORT": "http"}, "PORT must be a whole number from 1 to 65535"),
        ({"WEB_WORKERS": "0"}, "WEB_WORKERS must be a whole number from 1 to 64"),
    ],
)
def test_bad_settings_are_named_without_a_stack_trace(settings: dict[str, str], sentence: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "app/gunicorn.conf.py"],
        env={**os.environ, "PORT": "0", **settings} if "PORT" in settings else {**os.environ, **settings},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
