"""`make run` for its user: start, the three lines to paste, status, a killed broker, stop, start again with keys."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from stack.parent_watchdog import bound_to_parent
from stack.ports import free_port
from stack.supervision import Supervisor
from tests.e2e.make_run import ROOT, STOP_SECONDS, UP_SECONDS, Run, make, paid, paste, start, wait_until_up
from tests.e2e.make_run_shop import check_day_end, check_shop
from tests.servers import until

WARM_SECONDS = 45.0  # 5 on a machine that does nothing else, without measuring coverage
OBSERVED_SECONDS = 30.0  # it reads its targets within 5 s, and scrapes each every 10 s
WATCHED = ["api", "relay", "ledger", "housekeeping", "prometheus", "alertmanager"]

pytestmark = [pytest.mark.timeout(500), pytest.mark.alone]


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


@pytest.fixture(scope="module")
def with_keys(run: Run) -> Iterator[Run]:
    """The same platform with `AUTH=required GATEWAY=1`. It ends the first one, so its tests are the last."""
    if run.process.poll() is None:
        run.stop()
    started = time.monotonic()
    again = start(run.folder, AUTH="required", GATEWAY="1")
    try:
        until(lambda: paid(again.authorize("first")), "the first payment is answered", seconds=UP_SECONDS)
        again.first_payment = time.monotonic() - started
        wait_until_up(again)
        yield again
    finally:
        again.stop()


def test_the_three_lines_pay(run: Run, tmp_path: Path) -> None:
    paste(run, tmp_path)


def test_the_shop_pays_for_its_merchant(run: Run) -> None:
    check_day_end(run, check_shop(run, "shop"))


def test_the_printed_token_opens_the_admin_routes(run: Run) -> None:
    token = re.findall(r"admin token +(\S+)", run.output)[0]
    assert requests.get(f"{run.base}/operations", timeout=6).status_code == 401
    opened = requests.get(f"{run.base}/operations", headers={"Authorization": f"Bearer {token}"}, timeout=6)
    assert opened.status_code == 200


def test_the_printed_address_is_the_simulators_page(run: Run) -> None:
    (url, file) = re.findall(r"acquirer +(\S+)/ .* the token in (\S+)\)", run.output)[0]
    assert "<title>" in requests.get(f"{url}/", timeout=6).text
    token = (ROOT / file).read_text()
    assert (ROOT / file).resolve().stat().st_mode & 0o777 == 0o600
    faults = requests.get(f"{url}/_control/faults", headers={"Authorization": f"Bearer {token}"}, timeout=6)
    assert faults.json() == {"rules": []}


def test_status_is_one_screen(run: Run) -> None:
    check_status(run)


def check_status(run: Run) -> None:
    shown = make("status", run.folder)
    assert shown.returncode == 0
    parts = ["api ", "relay ", "ledger ", "housekeeping ", "broker ", "redis ", "psp ", "acquirer "]
    for said in ["UP", *parts, "CLOSED since", "outbox", "0 open"]:
        assert said in shown.stdout
    assert "unknown" not in shown.stdout
    assert len(shown.stdout.splitlines()) <= 24 + shown.stdout.count("  gateway ")


def test_another_kind_of_auth_is_refused_with_a_sentence(tmp_path: Path) -> None:
    refused = make("run", tmp_path / "state", AUTH="maybe", PORT=str(free_port()))
    said = "AUTH=maybe is unknown; it is open (or leave it) or required: each request needs a key."
    assert (refused.returncode == 0, refused.stderr.splitlines()[0]) == (False, said)
    assert not (tmp_path / "state").exists()


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


def test_stops_within_seconds(run: Run) -> None:
    family = psutil.Process(run.process.pid).children(recursive=True)
    run.stop()
    until(lambda: not any(is_running(process) for process in family), "everything ended", seconds=STOP_SECONDS)
    assert "stopped" in run.output


def test_starts_again_with_keys_and_finds_its_payments(with_keys: Run) -> None:
    assert with_keys.first_payment < WARM_SECONDS
    again = with_keys.authorize("kill-0")
    assert again is not None
    assert again.headers.get("Idempotency-Replayed") == "true", "paid before, without a key"


def test_the_three_lines_pay_with_the_key(with_keys: Run, tmp_path: Path) -> None:
    paste(with_keys, tmp_path)
    assert with_keys.output.count(with_keys.merchant["Authorization"].split()[1]) == 1, "on no command line"


def test_the_printed_keys_open_and_nothing_else_does(with_keys: Run) -> None:
    operator, merchant = re.findall(r"(?:operator|merchant) key +(\S+)", with_keys.output)
    opened = {"/operations": operator, "/payments": merchant}
    for path, key in opened.items():
        assert requests.get(with_keys.base + path, timeout=6).status_code == 401
        headers = {"Authorization": f"Bearer {key}"}
        assert requests.get(with_keys.base + path, headers=headers, timeout=6).status_code == 200
    for name, key in (("operator-key", operator), ("merchant-key", merchant)):
        kept = with_keys.folder / name
        assert (kept.read_text(), kept.stat().st_mode & 0o777) == (key, 0o600)
    logs = "".join(log.read_text(errors="replace") for log in with_keys.state.logs.iterdir())
    assert not [key for key in opened.values() if key.split("_")[3] in logs]


def test_the_gateway_is_asked_as_it_is_printed(with_keys: Run) -> None:
    (line,) = [line for line in with_keys.output.splitlines() if line.startswith("curl") and "--cacert" in line]
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["status"] in ("UP", "DEGRADED")
    url, authority = line.split()[-1].removesuffix("/health"), with_keys.folder / "gateway/ca.pem"
    body = {"amount": 700, "currency": "KRW", "idempotencyKey": "through the gateway"}
    session = requests.Session()
    session.trust_env = False  # no CA of the environment
    with session:
        paid = session.post(
            f"{url}/payments/authorize", json=body, headers=with_keys.merchant, timeout=6, verify=str(authority)
        )
    assert (paid.status_code, paid.json()["status"]) == (200, "AUTHORIZED")


def test_the_shop_needs_no_key(with_keys: Run) -> None:
    check_shop(with_keys, "with-keys")


def test_status_uses_the_kept_key(with_keys: Run) -> None:
    check_status(with_keys)


def is_running(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
