"""A `make run` of the tests, on a port and with a state of its own, as its user starts, asks and stops it."""

import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from stack.parent_watchdog import bound_to_parent
from stack.ports import free_port
from stack.state import State
from tests.servers import until

ROOT = Path(__file__).resolve().parents[2]
UP_SECONDS, STOP_SECONDS = 60.0, 15.0  # 5 s are promised for its end, and not of a busy machine
ACCOUNTS = ["acquirer_receivable", "customer_hold", "hold_clearing"]


@dataclass
class Run:
    """A `make run` of the tests, with a state of its own."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    first_payment: float = 0.0
    """Seconds from its start, where it was measured."""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text()

    @property
    def state(self) -> State:
        return State(self.folder)

    @property
    def merchant(self) -> dict[str, str]:
        """The header with the merchant's key; none before the first start with keys."""
        kept = self.folder / "merchant-key"
        return {"Authorization": f"Bearer {kept.read_text()}"} if kept.exists() else {}

    def authorize(self, key: str) -> requests.Response | None:
        """The answer; None while nothing listens."""
        body = {"merchantId": "M123", "amount": 700, "currency": "KRW", "idempotencyKey": key}
        try:
            return requests.post(
                f"{self.base}/payments/authorize", json=body, headers=self.merchant, timeout=UP_SECONDS
            )
        except requests.ConnectionError:
            return None

    def payment(self, payment_id: int) -> dict[str, Any]:
        url = f"{self.base}/payments/{payment_id}?merchantId=M123"
        return dict(requests.get(url, headers=self.merchant, timeout=6).json())

    def stop(self) -> None:
        """SIGTERM to its process group, as a terminal's Ctrl-C goes to it."""
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(STOP_SECONDS)


def make(target: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PAYOPS_STATE": str(folder), **variables}
    command = ["make", "--no-print-directory", target]  # under another make it would print two lines more
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=180)


def start(folder: Path, **variables: str) -> Run:
    """Start and return at once."""
    port = free_port()
    ours = {"PAYOPS_STATE": str(folder), "PORT": str(port), "WORKER_METRICS_PORT": "0"}
    environment = {**os.environ, **ours, **variables}
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


def paid(answer: requests.Response | None) -> requests.Response | None:
    return answer if answer is not None and answer.status_code == 200 else None


def paste(run: Run, folder: Path) -> None:
    """Run the three lines of the welcome as they are printed; they show a captured payment with its postings."""
    lines = [line for line in run.output.splitlines() if line.startswith("curl") and run.base in line]
    assert len(lines) == 3
    answers = [
        subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, text=True, check=True).stdout
        for line in lines
    ]
    assert '"status":"AUTHORIZED"' in answers[0]
    assert '"message":"Payment captured successfully"' in answers[1]
    assert '"status":"CAPTURED"' in answers[2]
    # topics have no order among each other: the capture may be posted first
    assert sorted(re.findall(r'"debitAccount":"(\w+)"', answers[2])) == ACCOUNTS
