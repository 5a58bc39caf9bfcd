"""What a user of `make run` does at the shop, and what happens to the money at the day's end."""

import re

import requests

from tests.e2e.make_run import Run, make
from tests.servers import until


def check_shop(run: Run, key: str) -> int:
    """Authorize at the simulator, as a page of the shop does; returns the payment's id."""
    body = {"amount": 700, "currency": "KRW", "idempotencyKey": key, "paymentMethod": card_token(run)}
    answer = requests.post(f"{run.base}/shop/payments/authorize", json=body, timeout=6)
    assert (answer.status_code, answer.json().get("merchantId")) == (200, "STORE")
    shown = requests.get(f"{run.base}/shop/payments/{answer.json()['paymentId']}", timeout=6).json()
    assert [operation["state"] for operation in shown["operations"]] == ["APPROVED"], "at the simulator"
    return int(answer.json()["paymentId"])


def card_token(run: Run) -> str:
    """As a page of the shop gets it."""
    acquirer = requests.get(f"{run.base}/shop/acquirer", timeout=6).json()
    headers = {"Authorization": f"Bearer {acquirer['publishableKey']}", "Origin": run.base}
    card = {"number": "4242424242424242", "expiry": "12/40"}
    answer = requests.post(acquirer["tokensUrl"], json=card, headers=headers, timeout=6)
    assert answer.headers["Access-Control-Allow-Origin"] == run.base
    return str(answer.json()["token"])


def check_day_end(run: Run, payment_id: int) -> None:
    """What was captured is settled with its fee, and the acquirer's file of the day has it."""
    url = f"{run.base}/shop/payments"
    assert requests.post(f"{url}/capture/{payment_id}", json={}, timeout=6).json()["status"] == "CAPTURED"
    until(lambda: requests.get(f"{url}/{payment_id}", timeout=6).json()["ledgerEntries"][1:], "the capture is posted")
    settled = make("settle", run.folder)
    assert settled.returncode == 0, settled.stderr
    assert re.match("Batches closed: [1-9][0-9]*, carried: 0;", settled.stdout), "M123 may have been paid, too"
    read = make("reconcile", run.folder)
    assert read.returncode == 0, read.stderr
    assert "lines: 1, matched: 1" in read.stdout
