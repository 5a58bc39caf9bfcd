"""The settings of gunicorn.conf.py, and its use of a folder with other files."""

import os
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.server.web_worker import GATEWAYS_LAST, SPARE
from stack.envoy import variables

CONFIGURATION = Path(__file__).parents[3] / "app" / "gunicorn.conf.py"
SERVER = SimpleNamespace(cfg=SimpleNamespace(address=[("127.0.0.1", 8080)]), LISTENERS=[])
LONGEST_IDLE_OF_CLIENTS = 115
"""Seconds after which Firefox closes an idle connection, later than other common clients and proxies."""

ACCEPTS = 1
"""Seconds at a stop in which gunicorn's worker still accepts connections."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the metrics; without it the configuration names one in the environment, for all later tests, too."""
    folder = tmp_path / "metrics"
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    return folder


@pytest.fixture
def settings() -> dict[str, Any]:
    return runpy.run_path(str(CONFIGURATION))


def test_idle_connections_outlive_those_of_clients(settings: dict[str, Any]) -> None:
    assert settings["keepalive"] > LONGEST_IDLE_OF_CLIENTS


def test_at_a_stop_the_gateway_closes_its_idle_connections_first(settings: dict[str, Any], tmp_path: Path) -> None:
    seconds = int(variables(tmp_path)["_envoy_idle"]["idle_timeout"].removesuffix("s"))
    assert ACCEPTS + seconds < GATEWAYS_LAST < settings["graceful_timeout"] - ACCEPTS


def test_connections_of_the_gateway_leave_room_for_others(settings: dict[str, Any], tmp_path: Path) -> None:
    assert variables(tmp_path)["envoy_requests_at_once"] < settings["worker_connections"] * (1 - SPARE)


def test_the_environment_does_not_change_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPT_NAME", "/payments")
    runpy.run_path(str(CONFIGURATION))
    assert "SCRIPT_NAME" not in os.environ


def test_only_files_that_are_metrics_are_deleted(settings: dict[str, Any], folder: Path) -> None:
    theirs = ["payops.db", "books.db", "counter.db", "counter_1.db.bak", "gauge_sum_x.db", "my_counter_1.db", "notes"]
    metrics = ["counter_7.db", "histogram_1234.db", "summary_1.db", "gauge_livesum_7.db", "gauge_mostrecent_7.db"]
    folder.mkdir()
    for name in (*theirs, *metrics):
        (folder / name).write_bytes(b"x")
    (folder / "counter_8.db").mkdir()
    settings["on_starting"](SERVER)
    assert {file.name for file in folder.iterdir()} == {*theirs, "counter_8.db"}


def test_a_folder_that_is_not_there_is_made(settings: dict[str, Any], folder: Path) -> None:
    settings["on_starting"](SERVER)
    assert folder.is_dir()
