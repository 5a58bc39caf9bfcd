"""Every profile of k6/ for a few seconds against the running `make run`, each with its audit."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from load.k6 import PROFILES
from load.recording import Recording
from tests.e2e.make_run import Run, start, wait_until_up
from tests.integration.test_load_results import ROOT, load
from tests.servers import until

pytestmark = pytest.mark.timeout(500)  # the first test starts everything

SCALES = {"payment-scenario": "0.01", "spike": "0.02", "soak": "0.0005", "stress": "0.05", "smoke": "1"}
SHORT = {"LONGEST_P95_MS": "30000", "RATE_SCALE": "0.1", "MOST_RATE": "15", "DURATION": "2s", "MERCHANTS": "7"}


@contextmanager
def started(folder: Path, **variables: str) -> Iterator[Run]:
    """A `make run` of its own."""
    running = start(folder, **variables)
    try:
        wait_until_up(running)
        yield running
    finally:
        os.killpg(running.process.pid, signal.SIGTERM)
        running.process.wait(30)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """It audits every second."""
    with started(tmp_path_factory.mktemp("run"), APP_AUDIT_INTERVAL_SECONDS="1") as running:
        yield running


@pytest.fixture(scope="module")
def needing_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """It needs keys."""
    with started(tmp_path_factory.mktemp("run"), AUTH="required") as running:
        yield running


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_run_and_proved(run: Run, tmp_path: Path, profile: str) -> None:
    flow = {"ENABLE_CAPTURE": "true", "ENABLE_REFUND": "true", "TIME_SCALE": SCALES[profile]}
    ended = load(tmp_path, "stack.load", state=run.folder, PROFILE=profile, **SHORT, **flow)
    assert ended.summary["audit"]["good"], ended
    assert ended.code == (0 if ended.summary["result"]["good"] else 3)  # a busy machine may be slow, not wrong
    audit, rows = ended.summary["audit"], {row["kind"]: row for row in ended.summary["requests"]}
    assert set(rows) == {"authorize", "capture", *(() if profile == "smoke" else ("refund",))}
    assert rows["authorize"]["ok"] >= 10
    assert audit["answered"] == audit["posted"]
    assert audit["posted"]["authorize"] >= 10_000 * rows["authorize"]["ok"]
    assert re.search(r"audited \d+ payments \(all payments\): no differences, 0 events in flight", audit["platform"])
    (report,) = tmp_path.glob("*/report.html")
    assert f"report:  {report}\n" in ended.stdout
    (recording,) = tmp_path.glob("*/seconds.ndjson")
    assert (
        0 < counted(recording) <= sum(row["ok"] for row in rows.values()) + 1
    )  # setup's; k6 drops the last, broken second


def counted(path: Path) -> int:
    """All requests of a recording; its samples are a second each."""
    return round(sum(sample.requests for sample in Recording(path).read()))


def test_a_payment_made_aside_is_found(run: Run, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "load", "smoke", "--base-url", run.base, "--reports", str(tmp_path)]
    environment = {**SHORT, "MERCHANT_ID": "PLANTED", "ADMIN_TOKEN": run.state.token(), "PATH": "/usr/bin:/bin"}
    loading = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert loading.stdout
    assert loading.stdout.readline().startswith("smoke against")  # by now it has read the balances before
    aside = {"merchantId": "PLANTED", "amount": 7, "currency": "KRW", "idempotencyKey": "aside"}
    assert requests.post(f"{run.base}/payments/authorize", json=aside, timeout=10).status_code == 200
    said, _ = loading.communicate(timeout=100)
    assert loading.returncode == 3
    (found,) = re.findall(
        r"The audit found: authorize: k6 was answered 200 for ([\d,]+), the ledger has ([\d,]+)\.", said
    )
    assert int(found[1].replace(",", "")) - int(found[0].replace(",", "")) == 7


def test_what_a_merchant_had_before_does_not_count(run: Run, tmp_path: Path) -> None:
    before = {"merchantId": "OLD", "amount": 7, "currency": "KRW", "idempotencyKey": "before"}
    paid = requests.post(f"{run.base}/payments/authorize", json=before, timeout=10).json()
    until(lambda: is_posted(run, paid["paymentId"]), "the payment is posted")
    command = ["load", "smoke", "--base-url", run.base, "--reports", str(tmp_path)]
    ended = load(tmp_path, *command, state=None, **SHORT, MERCHANT_ID="OLD", ADMIN_TOKEN=run.state.token())
    assert ended.summary["audit"]["good"], ended
    assert "the platform's audit of" in ended.summary["audit"]["platform"]


def is_posted(run: Run, payment_id: int) -> bool:
    answer = requests.get(f"{run.base}/payments/{payment_id}?merchantId=OLD", timeout=10)
    return bool(answer.json()["ledgerEntries"])


def test_a_wrong_token_is_said(run: Run, tmp_path: Path) -> None:
    wrong = {"BASE_URL": run.base, "ADMIN_TOKEN": "not-the-token-of-it", "MERCHANT_ID": "M1"}
    ended = load(tmp_path, "stack.load", state=None, **wrong)
    assert (ended.code, ended.stdout) == (1, "")
    assert ended.stderr == f"{run.base} does not take the admin token; set ADMIN_TOKEN to the one that it was given.\n"


def test_where_keys_are_needed_it_makes_its_own_which_end_with_it(needing_keys: Run, tmp_path: Path) -> None:
    flow = {"ENABLE_CAPTURE": "true", "ENABLE_REFUND": "true", "TIME_SCALE": SCALES["soak"], "RATE_SCALE": "0.4"}
    ended = load(tmp_path, "stack.load", state=needing_keys.folder, PROFILE="soak", **SHORT | flow)
    assert ended.summary["audit"]["good"], ended
    assert "making API keys for this load: 7\n" in ended.stdout
    assert ended.summary["requests"][0]["ok"] >= 10
    operator = {"Authorization": f"Bearer {(needing_keys.folder / 'operator-key').read_text()}"}
    listed = requests.get(f"{needing_keys.base}/api-keys", headers=operator, timeout=10).json()["items"]
    made = [(key["merchantId"], key["state"]) for key in listed if key["name"] == "load test"]
    assert sorted(made) == [(f"LOAD-{number:04d}", "REVOKED") for number in range(7)]
    assert (needing_keys.folder / "load-keys").read_text() == ""


def test_a_drill_takes_the_keys_that_make_run_keeps(needing_keys: Run) -> None:
    done = subprocess.run(
        [ROOT / "scripts" / "drill-poison.sh"],
        env={**os.environ, "PAYOPS_STATE": str(needing_keys.folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done
    assert (needing_keys.folder / "operator-key").read_text() not in done.stdout + done.stderr
