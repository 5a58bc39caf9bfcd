"""The scripts that pay and look: with which key, and that nobody sees it. On a fake API, which needs keys."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from payments.merchants.key_form import Prefix, new_key
from tests.integration.test_pipeline_stages import ROOT, stage
from tests.serving import Answer, Request, serving

API_KEY, OPERATOR_KEY = new_key(Prefix.TEST).text, new_key(Prefix.OPERATOR).text
BOTH = {"API_KEY": API_KEY, "OPERATOR_KEY": OPERATOR_KEY}
HOOKS = {"KAFKA_STOP_CMD": "true", "KAFKA_START_CMD": "true"}
ENTRIES = [
    {"debitAccount": "customer_hold", "creditAccount": "hold_clearing", "amount": 1000},
    {"debitAccount": "hold_clearing", "creditAccount": "customer_hold", "amount": 600},
    {"debitAccount": "acquirer_receivable", "creditAccount": "merchant_payable", "amount": 600},
]
PAYMENT: dict[str, Any] = {
    "paymentId": 7,
    "status": "PARTIALLY_CAPTURED",
    "events": [{"postedAt": "now"}],
    "ledgerEntries": [{"eventId": 1, "postingNo": number, **entry} for number, entry in enumerate(ENTRIES)],
}


def needing_keys(entries: int = 3) -> Callable[[Request, str], Answer]:
    """As a platform that needs keys; one payment, with so many of its entries."""
    payment = {**PAYMENT, "ledgerEntries": PAYMENT["ledgerEntries"][:entries]}

    def answer(request: Request, _url: str) -> Answer:
        if request.path == "/health":
            return Answer(200, {"status": "UP", "auth": "required"})
        needed = API_KEY if request.path.startswith("/payments/") else OPERATOR_KEY
        if request.headers.get("authorization") != f"Bearer {needed}":
            return Answer(401, {"code": "API_KEY_MISSING"})
        return Answer(200, payment if needed == API_KEY else {"items": [{"id": 3}]})

    return answer


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    """A curl before the real one, which notes its command line and the environment."""
    notes = tmp_path / "seen"
    program = tmp_path / "bin" / "curl"
    program.parent.mkdir()
    real = subprocess.run(["sh", "-c", "command -v curl"], capture_output=True, text=True, check=True).stdout.strip()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >>{notes}\nexec {real} "$@"\n')
    program.chmod(0o755)
    return notes


def run(script: str, seen: Path, url: str, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{seen.parent / 'bin'}:{os.environ['PATH']}"
    return stage(script, "--base-url", url, PATH=path, DRILL_SECONDS="1", **{"ADMIN_TOKEN": "", **variables})


def test_the_smoke_test_pays_by_the_key_which_says_the_merchant(seen: Path) -> None:
    with serving(needing_keys()) as server:
        done = run("smoke-test.sh", seen, server.url, API_KEY=API_KEY)
    assert done.returncode == 0, done
    bodies = [request.json for request in server.writes()]
    assert [set(body) for body in bodies] == [{"amount", "currency", "idempotencyKey"}] * 2 + [{"amount"}]
    assert not any("merchantId" in request.path for request in server.requests)
    assert f"{server.url}/payments/authorize" in seen.read_text()
    assert API_KEY not in seen.read_text() + done.stdout + done.stderr


def test_each_route_gets_the_key_that_it_is_for(seen: Path) -> None:
    with serving(needing_keys(entries=1)) as server:
        done = run("drill-poison.sh", seen, server.url, POISON_CMD="true", **BOTH)
    assert "not within 0 s: there is a dead letter PaymentNotFound" in done.stderr, done
    sent: dict[str, set[Any]] = {}
    for request in server.requests:
        sent.setdefault(request.path.split("/")[1].split("?")[0], set()).add(request.headers.get("authorization"))
    assert sent["payments"] == {f"Bearer {API_KEY}"}
    assert sent["dead-letters"] == {f"Bearer {OPERATOR_KEY}"}
    assert OPERATOR_KEY not in seen.read_text() + done.stdout + done.stderr


NEEDED = " takes requests with API keys only; set API_KEY and OPERATOR_KEY.\n"


@pytest.mark.parametrize(
    ("script", "variables", "message"),
    [
        ("smoke-test.sh", {}, NEEDED),
        ("smoke-test.sh", {"ADMIN_TOKEN": "0123456789abcdef", "OPERATOR_KEY": OPERATOR_KEY}, NEEDED),
        ("test-circuit-breaker.sh", HOOKS, NEEDED),
        ("drill-poison.sh", {"API_KEY": API_KEY, "POISON_CMD": "true"}, "OPERATOR_KEY is not set; "),
        (
            "drill-poison.sh",
            {**BOTH, "OPERATOR_KEY": "", "ADMIN_TOKEN": "0" * 16, "POISON_CMD": "true"},
            "OPERATOR_KEY",
        ),
        ("smoke-test.sh", {"API_KEY": f'{API_KEY}"\nurl = "'}, "API_KEY or OPERATOR_KEY is not an API key (po_…).\n"),
    ],
    ids=["none", "operators alone", "a drill", "merchants alone", "the admin token opens nothing", "no key"],
)
def test_keys_that_are_missing_are_one_sentence_before_anything_is_paid(
    seen: Path, script: str, variables: dict[str, str], message: str
) -> None:
    with serving(needing_keys()) as server:
        done = run(script, seen, server.url, **variables)
    assert done.returncode == 2, done
    assert message in done.stderr
    assert "usage:" not in done.stderr
    assert not server.writes()


def test_the_load_test_says_so_too(tmp_path: Path) -> None:
    with serving(needing_keys()) as server:
        done = stage("load-test.sh", "--base-url", server.url, REPORTS=str(tmp_path), **dict.fromkeys(BOTH, ""))
    assert done.returncode not in (0, 99)
    assert " takes requests with API keys only; set KEYS_FILE or API_KEY." in done.stderr
    assert not server.writes()


def test_the_load_test_pays_by_the_key(tmp_path: Path) -> None:
    with serving(needing_keys()) as server:
        given = {"REPORTS": str(tmp_path), "RATE": "2", "DURATION": "1s", "API_KEY": API_KEY}
        done = stage("load-test.sh", "--base-url", server.url, **given)
    assert {request.headers["authorization"] for request in server.writes()} == {f"Bearer {API_KEY}"}
    summary = (tmp_path / "k6-summary.json").read_text()
    assert API_KEY not in summary + done.stdout + done.stderr


def test_no_script_shows_what_it_runs() -> None:
    scripts = [path.read_text() for path in (ROOT / "scripts").iterdir() if path.is_file()]
    assert scripts
    assert not any(word in text for text in scripts for word in ("set -x", "set -eux", "xtrace", "bash -x"))
