"""`python -m load` on real k6 and a fake API with faults: counts, repetitions, audit, refusals."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.integration.fake_platform import OK, TOKEN, UNKNOWN, FakePlatform, faking
from tests.servers import until
from tests.serving import Answer

ROOT = Path(__file__).resolve().parents[2]
SHORT = {
    "ADMIN_TOKEN": TOKEN,
    "MERCHANTS": "1",
    "LONGEST_P95_MS": "30000",  # the speed of a busy machine is not tested here
    "TIME_SCALE": "0.0011",  # of soak four seconds
    "RATE_SCALE": "0.1",  # as many journeys, and users enough for a platform that is held up for two seconds
}


@dataclass(frozen=True)
class Ended:
    """A run's exit code, output and summary (empty when there is none)."""

    code: int
    stdout: str
    stderr: str
    summary: dict[str, Any]


def load(reports: Path, *command: str, state: Path | None = None, **variables: str) -> Ended:
    """Run `python -m …` with these variables, beside the `make run` of `state` (default: none runs)."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, **variables, "REPORTS": str(reports), "PAYOPS_STATE": str(state or reports / "state")},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    summaries = [json.loads(path.read_text()) for path in reports.glob("*/summary.json")]
    return Ended(done.returncode, done.stdout, done.stderr, summaries[0] if summaries else {})


def against(platform: FakePlatform, reports: Path, profile: str = "soak", **variables: str) -> Ended:
    with faking(platform) as server:
        command = ["load", profile, "--base-url", server.url, "--reports", str(reports)]
        return load(reports, *command, state=None, **{**SHORT, **variables})


def test_all_is_well(tmp_path: Path) -> None:
    platform = FakePlatform()
    ended = against(platform, tmp_path)
    assert ended.code == 0, ended
    assert len(platform.authorized) == ended.summary["requests"][0]["ok"] >= 15
    assert ended.summary["audit"]["posted"]["authorize"] == sum(platform.authorized.values())
    assert "All thresholds held.\nEvery payment that was answered 200 is in the ledger, once.\n" in ended.stdout


def test_errors_cross_a_threshold_and_end_with_a_code(tmp_path: Path) -> None:
    platform = FakePlatform(
        answer=lambda key, _times: Answer(503, {"code": "SERVICE_UNAVAILABLE"}) if "5" in key else OK
    )
    ended = against(platform, tmp_path)
    assert ended.code == 3
    assert "Crossed: share of errors rate<0.01 (" in ended.stdout
    assert ended.summary["audit"]["good"]
    assert max(platform.times.values()) == 1  # nothing was done, so nothing is repeated


def test_a_payment_that_the_ledger_lacks_is_found(tmp_path: Path) -> None:
    ended = against(FakePlatform(books=lambda key: not key.endswith("-3")), tmp_path)
    assert ended.code == 3
    audit = ended.summary["audit"]
    assert audit["answered"]["authorize"] - audit["posted"]["authorize"] == 10003  # the fourth payment's amount
    assert f"authorize: k6 was answered 200 for {audit['answered']['authorize']:,}, the ledger has" in ended.stdout


def test_what_the_platforms_own_audit_finds_fails_the_run(tmp_path: Path) -> None:
    ended = against(FakePlatform(differences=2), tmp_path)
    assert ended.code == 3
    assert "found 2 differences" in ended.stdout


def test_an_open_outcome_is_asked_again_with_its_key(tmp_path: Path) -> None:
    def answer(key: str, times: int) -> Answer:
        return UNKNOWN if key.endswith("-3") and times == 1 else OK

    platform = FakePlatform(answer)
    ended = against(platform, tmp_path)
    assert ended.summary["audit"]["good"], ended
    assert ended.summary["audit"]["settled"] == 1
    assert [count for key, count in platform.times.items() if key.endswith("-3")] == [2]


def test_refusals_by_the_rate_limit_are_no_errors_and_are_explained(tmp_path: Path) -> None:
    ended = against(FakePlatform(lambda key, _times: Answer(429) if key.endswith("-3") else OK), tmp_path)
    (row,) = ended.summary["requests"]
    assert (row["errors"], row["limited"]) == (0, 1)
    assert "The rate limit refused 1 requests: let more merchants pay (MERCHANT_ID unset, " in ended.stdout


def test_smoke_takes_no_refusal(tmp_path: Path) -> None:
    ended = against(FakePlatform(lambda *_: Answer(429)), tmp_path, "smoke", DURATION="1s", RATE="5")
    assert ended.code == 3
    assert "Crossed: share of journeys as expected rate==1 (0)." in ended.stdout


def test_a_run_that_is_stopped_says_so_and_takes_k6_along(tmp_path: Path) -> None:
    with faking(FakePlatform()) as server:
        command = [sys.executable, "-m", "load", "soak", "--base-url", server.url, "--reports", str(tmp_path)]
        environment = {**os.environ, **SHORT, "TIME_SCALE": "1"}
        loading = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        (k6,) = until(psutil.Process(loading.pid).children, "k6 is started")
        until(lambda: len(server.requests) > 5, "the load is there")
        loading.terminate()
        _, said = loading.communicate(timeout=30)
    assert (loading.returncode, said) == (1, "Stopped before its end: no audit, no report.\n")
    assert not k6.is_running()


def test_stress_finds_the_highest_rate_that_holds(tmp_path: Path) -> None:
    platform = FakePlatform(lambda key, _times: Answer(503, {"code": "X"}) if "-rate_15-" in key else OK)
    ended = against(platform, tmp_path, "stress", MOST_RATE="20", RATE_SCALE="0.1")
    assert ended.code == 0, ended
    assert "The highest rate within the thresholds: 10 journeys a second." in ended.stdout
    assert any("-rate_20-" in key for key in platform.times), "it goes on beyond the limit"


def test_stress_that_finds_none_fails(tmp_path: Path) -> None:
    ended = against(
        FakePlatform(lambda *_: Answer(503, {"code": "X"})), tmp_path, "stress", MOST_RATE="5", RATE_SCALE="0.1"
    )
    assert ended.code == 3
    assert "Even the lowest rate crossed a threshold." in ended.stdout


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "payops does not run here; start it with `make run`, or set TARGET=real or BASE_URL=http://….\n"),
        ({"PROFILE": "moon"}, "PROFILE=moon is unknown; there are smoke, payment-scenario, stress, spike, soak.\n"),
        ({"TARGET": "moon"}, "TARGET=moon is unknown; it is run or real, or leave it and set BASE_URL.\n"),
        ({"BASE_URL": "http://127.0.0.1:1", "ADMIN_TOKEN": ""}, "OPERATOR_KEY and ADMIN_TOKEN are not set; "),
        ({"BASE_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:1/health does not answer (dial: connection refused):"),
        ({"BASE_URL": "nowhere"}, "BASE_URL=nowhere is not an address like https://host.\n"),
        ({"BASE_URL": "http://x", "TIME_SCALE": "fast"}, "TIME_SCALE=fast is not a number from 0.0001 to 100.\n"),
        ({"BASE_URL": "http://x", "MERCHANTS": "2.5"}, "MERCHANTS=2.5 is not a whole number from 1 to 9999.\n"),
        ({"BASE_URL": "http://x", "ENABLE_CAPTURE": "ja"}, "ENABLE_CAPTURE=ja is not true or false.\n"),
        ({"BASE_URL": "http://x", "ENABLE_REFUND": "true"}, "ENABLE_REFUND needs ENABLE_CAPTURE: "),
    ],
)  # fmt: skip
def test_what_cannot_be_loaded_is_refused_in_one_sentence(
    tmp_path: Path, variables: dict[str, str], message: str
) -> None:
    ended = load(tmp_path, "stack.load", state=None, **{"ADMIN_TOKEN": TOKEN, **variables})
    assert ended.code == 1
    assert ended.stderr.startswith(message)
    assert len(ended.stderr.splitlines()) == 1
    assert not ended.summary
