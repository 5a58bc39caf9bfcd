"""docs/clients.md, executed: its programs in three languages pay, refund, are refused, and repeat with their keys."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from payments.platform.problems import PROBLEMS
from stack import node
from tests.clients.conftest import Merchant, in_front
from tests.clients.pages import blocks, program, run, with_payops
from tests.e2e.gunicorn import ApiServer
from tests.repo.sources import ROOT
from tests.serving import Answer, Request

PAGE = "docs/clients.md"
NOT_NOW_FIRST = (10_000, 9_000)
"""Amounts whose first request is answered 503: one with a key of the page, and one whose key is made by the client."""
COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    "sh": lambda file: ["sh", "-eu", str(file)],
    "python": lambda file: [sys.executable, str(file)],
    "js": lambda file: [node.find().node, str(file)],
}


def unavailable() -> Answer:
    problem = {"code": "SERVICE_UNAVAILABLE", "message": "Not now.", "requestId": "r", "errors": []}
    headers = {"Content-Type": "application/problem+json", "Retry-After": "1"}
    return Answer(PROBLEMS["SERVICE_UNAVAILABLE"][0], problem, headers)


def once_not_now() -> Callable[[Request], Answer | None]:
    waiting = set(NOT_NOW_FIRST)

    def plan(request: Request) -> Answer | None:
        amount = request.json.get("amount") if request.method == "POST" else None
        if amount not in waiting:
            return None
        waiting.remove(amount)
        return unavailable()

    return plan


@pytest.mark.parametrize("language", COMMANDS)
def test_the_program_pays_once_and_repeats_with_its_key(
    api: ApiServer, merchant: Merchant, tmp_path: Path, language: str
) -> None:
    file = tmp_path / f"program.{'mjs' if language == 'js' else language}"
    file.write_text(program(PAGE, language), encoding="utf-8")
    with in_front(api, once_not_now()) as front:
        variables = {"PAYOPS_URL": front.url, "PAYOPS_API_KEY": merchant.key}
        done = run(COMMANDS[language](file), tmp_path, with_payops(tmp_path, "payops_client") | variables)
    assert merchant.key not in done.stdout + done.stderr
    [payment] = merchant.payments()
    taken = [payment[name] for name in ("amount", "capturedAmount", "refundedAmount")]
    assert taken == [10_000, 7_000, 1_000]
    for amount in NOT_NOW_FIRST:
        keys = [sent.json["idempotencyKey"] for sent in front.writes() if sent.json.get("amount") == amount]
        assert len(keys) == 2, "it was repeated"
        assert len(set(keys)) == 1, "with its key"


def test_the_example_of_the_client_s_readme_pays(merchant: Merchant, tmp_path: Path) -> None:
    example = program("clients/python/README.md", "python").replace("https://payops.example", merchant.url)
    command = [sys.executable, "-c", f"import os\n\napi_key = os.environ['KEY']\n{example}"]
    done = run(command, tmp_path, with_payops(tmp_path, "payops_client") | {"KEY": merchant.key})
    assert done.stdout == f"{merchant.payments()[0]['paymentId']} 6000\n"


def test_each_step_is_shown_in_each_language() -> None:
    assert {language for language, _ in blocks(PAGE)} == set(COMMANDS)
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    for step in ("Once", "Authorize", "Capture", "Refund", "List", "An error", "When nobody answers"):
        section = re.split(rf"(?m)^## {step}$", text)[1].partition("\n## ")[0]
        assert re.findall(r"(?m)^```(\w+)$", section) == ["sh", "python", "js"], step
