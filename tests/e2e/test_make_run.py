"""`make run` for its user: start, the three lines to paste, status, a killed broker, stop, start again."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from stack.parent_watchdog import bound_to_parent
from stack.ports import free_port
from stack.state import State
from stack.supervision import Supervisor
from tests.servers import until

ROOT = Path(__file__).resolve().parents[2]
UP_SECONDS, STOP_SECONDS = 60.0, 5.0
WARM_SECONDS = 15.0  # 5 on a machine that does nothing else, without measuring coverage
OBSERVED_SECONDS = 30.0  # it reads its targets within 5 s, and scrapes each every 10 s
WATCHED = ["api", "relay", "ledger", "housekeeping", "prometheus", "alertmanager"]
ACCOUNTS = ["acquirer_receivable", "customer_hold", "hold_clearing"]

pytestmark = [pytest.mark.timeout(500), pytest.mark.alone]


@dataclass
class Run:
    """A `make run` of the tests, with a state of its own."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text()

    @property
    def state(self) -> State:
        return State(self.folder)

    def authorize(self, key: str) -> requests.Response | None:
        """The answer; None while nothing listens."""
        body = {"merchantId": "M1", "amount": 700, "currency": "KRW", "idempotencyKey": key}
        try:
            return requests.post(f"{self.base}/payments/authorize", json=body, timeout=UP_SECONDS)
        except requests.ConnectionError:
            return None

    def payment(self, payment_id: int) -> dict[str, Any]:
        return dict(requests.get(f"{self.base}/payments/{payment_id}?merchantId=M1", timeout=6).json())

    def stop(self) -> None:
        """SIGTERM to its process group, as a terminal's Ctrl-C goes to it."""
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(STOP_SECONDS)


def make(target: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PAYOPS_STATE": str(folder), **variables}
    return subprocess.run(
        ["make", target], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=180
    )


def start(folder: Path) -> Run:
    """Start and return at once."""
    port = free_port()
    environment = {**os.environ, "PAYOPS_STATE": str(folder), "PORT": str(port), "WORKER_METRICS_PORT": "0"}
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            bound_to_parent(["make", "run"], signal.SIGTERM),
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return Run(folder, port, process)


def wait_until_up(run: Run) -> None:
    until(lambda: "payops is up" in run.output or run.process.poll() is not None, "payops is up", seconds=UP_SECONDS)
    assert run.process.poll() is None, run.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def run(folder: Path) -> Iterator[Run]:
    run = start(folder)
    try:
        wait_until_up(run)
        yield run
    finally:
        if run.process.poll() is None:
            run.stop()


def test_the_three_lines_show_a_captured_payment_with_its_postings(run: Run, tmp_path: Path) -> None:
    lines = [line for line in run.output.splitlines() if line.startswith("curl")]
    assert len(lines) == 3
    answers = [
        subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for line in lines
    ]
    assert '"status":"AUTHORIZED"' in answers[0]
    assert '"message":"Payment captured successfully"' in answers[1]
    assert '"status":"CAPTURED"' in answers[2]
    # topics have no order among each other: the capture may be posted first
    assert sorted(re.findall(r'"debitAccount":"(\w+)"', answers[2])) == ACCOUNTS


def test_the_printed_token_opens_the_admin_routes(run: Run) -> None:
    token = re.findall(r"admin token +(\S+)", run.output)[0]
    assert requests.get(f"{run.base}/operations", timeout=6).status_code == 401
    opened = requests.get(f"{run.base}/operations", headers={"Authorization": f"Bearer {token}"}, timeout=6)
    assert opened.status_code == 200


def test_status_is_one_screen(run: Run) -> None:
    shown = make("status", run.folder)
    assert shown.returncode == 0
    parts = ["api ", "relay ", "ledger ", "housekeeping ", "broker ", "redis "]
    for said in ["UP", *parts, "CLOSED since", "outbox", "0 open"]:
        assert said in shown.stdout
    assert "unknown" not in shown.stdout
    assert len(shown.stdout.splitlines()) <= 24


def test_a_second_run_is_refused(run: Run) -> None:
    refused = make("run", run.folder, PORT=str(free_port()))
    assert refused.returncode != 0
    assert f"port {run.port}); look with `make status`" in refused.stderr


def test_clean_refuses_while_it_runs(run: Run, tmp_path: Path) -> None:
    for name in ("scripts", "stack"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / ".state").symlink_to(run.folder)
    clean = [str(tmp_path / "scripts/clean.sh")]
    refused = subprocess.run(clean, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stderr.startswith("payops runs here")) == (1, True)
    assert (tmp_path / ".state").exists()
    (tmp_path / ".state").unlink()
    (tmp_path / ".state").mkdir()
    assert subprocess.run(clean, capture_output=True, text=True, check=True).stdout == "Removed: .state .venv.\n"
    assert (ROOT / ".venv/bin/python").exists()


def test_observe_watches_every_program_until_ctrl_c(run: Run) -> None:
    log = run.folder / "observe.out"
    with log.open("wb") as output:
        command = bound_to_parent(["make", "observe"], signal.SIGTERM)
        environment = {**os.environ, "PAYOPS_STATE": str(run.folder)}
        observing = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        url = re.compile(r"targets +(\S+)/classic/targets")
        urls = until(lambda: url.search(log.read_text()), "observe tells its URLs", seconds=UP_SECONDS)
        expected = dict.fromkeys(WATCHED, "up")
        until(lambda: health(urls[1]) == expected, f"{sorted(expected)} are up", seconds=OBSERVED_SECONDS, interval=0.2)
        refused = make("observe", run.folder)
        assert (refused.returncode == 0, "is observed already" in refused.stderr) == (False, True)
        family = psutil.Process(observing.pid).children(recursive=True)
    finally:
        os.killpg(observing.pid, signal.SIGINT)
        observing.wait(STOP_SECONDS)
    assert not any(is_running(process) for process in family)
    assert log.read_text().splitlines()[-1] == "stopped", log.read_text()
    assert requests.get(f"{run.base}/health", timeout=6).json()["status"] == "UP"


def health(prometheus: str) -> dict[str, str]:
    """Job → the result of its last scrape."""
    targets = requests.get(f"{prometheus}/api/v1/targets?state=active", timeout=6).json()
    return {target["labels"]["job"]: target["health"] for target in targets["data"]["activeTargets"]}


def test_what_a_killed_broker_held_is_posted_all_the_same(run: Run) -> None:
    supervisor = Supervisor(f"unix://{run.state.socket}")
    broker = next(process for process in supervisor.states() if process["name"] == "broker")
    paid = []
    for number in range(60):
        if number == 30:
            os.kill(broker["pid"], signal.SIGKILL)
        answer = run.authorize(f"kill-{number}")
        assert answer is not None
        assert answer.status_code == 200
        paid.append(int(answer.json()["paymentId"]))
    until(lambda: all(is_posted(run.payment(made)) for made in paid), "all is posted", seconds=60, interval=1)
    assert all(len(run.payment(payment_id)["ledgerEntries"]) == 1 for payment_id in paid)


def is_posted(payment: dict[str, Any]) -> bool:
    return all(event["postedAt"] for event in payment["events"])


def test_the_api_gets_the_cpu_first(run: Run) -> None:
    def niceness(words: str) -> list[int]:
        family = {process.pid for process in psutil.Process(run.process.pid).children(recursive=True)}
        # process_iter skips processes that have just ended
        seen = [p.info for p in psutil.process_iter(["cmdline", "nice"]) if p.pid in family]
        return [info["nice"] for info in seen if words in " ".join(info["cmdline"] or ())]

    workers = until(lambda: len(found := niceness("-m worker")) == 3 and found, "all workers run", seconds=UP_SECONDS)
    assert min(workers) > max(niceness("-m gunicorn"))


def test_stops_within_seconds_and_finds_its_payments_again(run: Run) -> None:
    answer = run.authorize("before")
    assert answer is not None
    before = answer.json()
    family = psutil.Process(run.process.pid).children(recursive=True)
    run.stop()
    until(lambda: not any(is_running(process) for process in family), "everything ended", seconds=STOP_SECONDS)
    assert "stopped" in run.output

    started = time.monotonic()
    again = start(run.folder)
    try:
        first = until(lambda: again.authorize("first"), "the first payment is answered", seconds=UP_SECONDS)
        seconds = time.monotonic() - started
        wait_until_up(again)
        assert first.status_code == 200
        assert again.payment(before["paymentId"])["createdAt"] == before["createdAt"]
        assert seconds < WARM_SECONDS
    finally:
        again.stop()


def is_running(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
