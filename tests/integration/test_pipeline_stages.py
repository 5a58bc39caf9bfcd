"""The scripts of the pipeline's stages fail when they should; `make pipeline-test` runs them successfully."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.serving import Answer, Request, serving

ROOT = Path(__file__).resolve().parents[2]
UP = {"status": "UP", "components": {"database": {"status": "UP", "detail": ""}}}
DOWN = {"status": "DEGRADED", "components": {"ledger": {"status": "DOWN", "detail": "not seen for 9 s"}}}


def stage(script: str, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    command = [str(ROOT / "scripts" / script), *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=180)


def health(*bodies: dict[str, Any]) -> Callable[[Request, str], Answer]:
    """One answer after the other; the last one again and again."""
    left = list(bodies)

    def answer(_request: Request, _url: str) -> Answer:
        return Answer(200, left.pop(0) if len(left) > 1 else left[0])

    return answer


def test_health_is_waited_for() -> None:
    with serving(health(DOWN, DOWN, UP)) as server:
        waited = stage("wait-for-health.sh", "--seconds", "20", "--base-url", server.url)
    assert (waited.returncode, waited.stdout) == (0, "ledger is DOWN: not seen for 9 s\nUP\n")
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("body", "message"),
    [(DOWN, "ledger is DOWN: not seen for 9 s"), ({"status": "STARTING", "components": {}}, "STARTING"), ({}, "{}")],
)
def test_health_that_does_not_come_is_an_error(body: dict[str, Any], message: str) -> None:
    with serving(health(body)) as server:
        waited = stage("wait-for-health.sh", "--seconds", "1", "--base-url", server.url)
    assert waited.returncode == 1
    assert waited.stderr == f"{server.url} is not UP after 1 s: {message}\n"


def test_health_of_a_platform_that_does_not_run_fails_at_once(tmp_path: Path) -> None:
    waited = stage("wait-for-health.sh", "--seconds", "50", PAYOPS_STATE=str(tmp_path))
    assert waited.returncode == 1
    assert "Nothing runs in" in waited.stderr


def test_the_load_test_refuses_a_dead_target(tmp_path: Path) -> None:
    done = stage("load-test.sh", "--base-url", "http://127.0.0.1:1", REPORTS=str(tmp_path))
    assert done.returncode != 0
    assert "nothing to load" in done.stdout + done.stderr


def test_thresholds_decide_the_load_test(tmp_path: Path) -> None:
    def answer(request: Request, _url: str) -> Answer:
        return Answer(200, UP) if request.path == "/health" else Answer(503, {"code": "SERVICE_UNAVAILABLE"})

    with serving(answer) as server:
        done = stage("load-test.sh", "--base-url", server.url, DURATION="1s", RATE="5", REPORTS=str(tmp_path))
    assert done.returncode == 99
    assert (tmp_path / "k6-summary.json").exists()


def test_the_smoke_test_wants_ledger_entries() -> None:
    payment = {"paymentId": 7, "status": "PARTIALLY_CAPTURED", "ledgerEntries": []}

    def answer(request: Request, _url: str) -> Answer:
        return Answer(200, UP if request.path == "/health" else payment)

    with serving(answer) as server:
        done = stage("smoke-test.sh", "--base-url", server.url, DRILL_SECONDS="1")
    assert done.returncode == 1
    assert "NOT TRUE: not within 1 s: the entries are" in done.stderr


@pytest.mark.parametrize(
    ("script", "variables", "message"),
    [
        ("run-build.sh", {"BUILD_STEPS": "lnt"}, "BUILD_STEPS has lint, unit and wheel, not lnt."),
        ("bring-up.sh", {"TARGET": "moon"}, "TARGET=moon is unknown"),
        ("bring-up.sh", {"TARGET": "inventory"}, "TARGET=inventory needs PAYOPS_INVENTORY"),
        ("bring-up.sh", {"PORT": "99999"}, "`make run` ended: PORT=99999 is not a port"),
    ],
)
def test_a_stage_says_what_it_does_not_take(
    tmp_path: Path, script: str, variables: dict[str, str], message: str
) -> None:
    done = stage(script, PAYOPS_STATE=str(tmp_path / "state"), REPORTS=str(tmp_path), **variables)
    assert done.returncode == 1
    assert message in done.stderr


def test_failed_unit_tests_fail_the_build_and_are_reported(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text("def test_planted():\n    assert 1 == 2\n")
    done = stage("run-build.sh", BUILD_STEPS="unit", UNIT_TESTS=str(tmp_path), REPORTS=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.endswith("Failed: unit.\n")
    assert "test_planted" in (tmp_path / "unit.xml").read_text()
