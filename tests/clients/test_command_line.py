"""`payops` at a terminal: JSON on standard output, one sentence on standard error, exit codes; the key is no option."""

import contextlib
import json
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from payops_client.__main__ import main
from stack.ports import free_port
from tests.clients.conftest import Front, Merchant, NewMerchant, in_front
from tests.e2e.gunicorn import ApiServer
from tests.servers import until
from tests.serving import Answer, Done, Request, done


def payops(merchant: Merchant, *arguments: str, **environment: str) -> Done:
    """Run one command in this process."""

    def run() -> int:
        try:
            return main(arguments, {"PAYOPS_URL": merchant.url, "PAYOPS_API_KEY": merchant.key, **environment})
        except SystemExit as ended:  # argparse
            return int(ended.code or 0)

    return done(run)


def answer(merchant: Merchant, *arguments: str) -> dict[str, Any]:
    found = payops(merchant, *arguments)
    assert (found.code, found.stderr) == (0, "")
    return dict(json.loads(found.stdout))


def test_from_an_authorization_to_a_list(merchant: Merchant) -> None:
    authorize = ("authorize", "--amount", "10000", "--currency", "KRW", "--idempotency-key", "order-1")
    made = answer(merchant, *authorize)
    assert answer(merchant, *authorize) == made
    number = str(made["paymentId"])
    assert answer(merchant, "capture", number, "--amount", "6000")["capturedAmount"] == 6000
    assert answer(merchant, "refund", number, "--amount", "1000", "--reason", "a cup")["refundedAmount"] == 1000
    assert answer(merchant, "void", number)["releasedAmount"] == 4000
    assert [event["amount"] for event in answer(merchant, "show", number)["events"]] == [10000, 6000, 1000, 4000]
    second = answer(merchant, "authorize", "--amount", "5", "--currency", "USD")
    listed = payops(merchant, "list").stdout.splitlines()
    assert [json.loads(line)["paymentId"] for line in listed] == [second["paymentId"], made["paymentId"]]
    assert payops(merchant, "list", "--limit", "1").stdout.splitlines() == listed[:1]
    assert payops(merchant, "list", "--status", "AUTHORIZED").stdout.splitlines() == listed[:1]


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["show", "999999"], 1, "NOT_FOUND: "),
        (["authorize", "--amount", "5", "--currency", "krw"], 1, "VALIDATION_FAILED: currency must be "),
        (["authorize", "--amount", "5.0", "--currency", "KRW"], 2, "--amount"),
        (["authorize", "--currency", "KRW"], 2, "--amount"),
        (["capture", "one"], 2, "'one' is not a whole number"),
        (["list", "--status", "LOST"], 2, "--status"),
        (["list", "--limit", "-1"], 2, "--limit"),
        (["--timeout", "0", "list"], 2, "--timeout"),
        (["--timeout", "nan", "list"], 2, "'nan' is not a number of seconds up to 3600"),
        (["--url", "http://payops.example", "list"], 2, "use https, or --allow-http"),
        (["--url", "payops.example", "list"], 2, "https://payops.example"),
        (["--ca", "/nowhere/ca.pem", "list"], 2, "The CAs cannot be read from /nowhere/ca.pem: No such file"),
        (["--key-file", "/nowhere/key", "list"], 2, "The key cannot be read from /nowhere/key: No such file"),
        (["--key", "po_test_x", "list"], 2, "invalid choice"),
        ([], 2, "command"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(merchant: Merchant, arguments: list[str], code: int, text: str) -> None:
    found = payops(merchant, *arguments)
    assert (found.code, found.stdout, found.stderr.count("\n")) == (code, "", 1)
    assert text in found.stderr
    assert merchant.key not in found.stderr


@pytest.mark.parametrize("name", ["PAYOPS_URL", "PAYOPS_API_KEY"])
def test_what_is_missing_is_named(merchant: Merchant, name: str) -> None:
    found = payops(merchant, "list", **{name: ""})
    assert (found.code, found.stdout) == (2, "")
    assert name in found.stderr


def test_an_unknown_outcome_says_how_to_go_on(merchant: Merchant) -> None:
    gone = f"http://127.0.0.1:{free_port()}"
    found = payops(
        merchant, "--total-seconds", "0.1", "authorize", "--amount", "5", "--currency", "KRW", PAYOPS_URL=gone
    )
    assert (found.code, found.stdout, found.stderr.count("\n")) == (3, "", 1)
    assert "NO_ANSWER: " in found.stderr
    key = found.stderr.partition("--idempotency-key ")[2].strip()
    assert answer(merchant, "authorize", "--amount", "5", "--currency", "KRW", "--idempotency-key", key)
    read = payops(merchant, "--total-seconds", "0.1", "show", "1", PAYOPS_URL=gone)
    assert (read.code, "--idempotency-key" in read.stderr) == (3, False)


def test_the_key_of_a_file(merchant: Merchant, new_merchant: NewMerchant, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(new_merchant().key + "\n")
    answer(merchant, "authorize", "--amount", "5", "--currency", "KRW")
    assert payops(merchant, "--key-file", str(file), "list").stdout == "", "the file's, not the variable's"
    file.write_bytes(b"\xff\xfe")
    assert payops(merchant, "--key-file", str(file), "list").stderr.endswith(": it is not ASCII text.\n")


def test_an_interruption_tells_the_key(api: ApiServer, merchant: Merchant, environment: dict[str, str]) -> None:
    over = Event()

    def never(request: Request) -> Answer | None:
        over.wait(60)
        return Answer(503)

    with in_front(api, never) as front:
        variables = {**environment, "PAYOPS_URL": front.url, "PAYOPS_API_KEY": merchant.key}
        pay = [sys.executable, "-m", "payops_client", "authorize", "--amount", "5", "--currency", "KRW"]
        command = ["env", "--default-signal=INT", *pay]  # a shell's background jobs ignore it
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=variables) as paying:
            until(lambda: front.requests, "it has sent its command")
            until(lambda: ends_interrupted(paying), "it ends")
            assert paying.returncode == 130
            assert paying.stderr
            said = paying.stderr.read()
        over.set()
        key = front.requests[0].json["idempotencyKey"]
    assert said == f"Interrupted. Repeat it with --idempotency-key {key}\n"


def ends_interrupted(process: subprocess.Popen[str]) -> bool:
    """Interrupt it; whether it has ended. A signal just before a system call that waits does not end the waiting."""
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)
    return process.returncode is not None


def test_a_list_ends_quietly_with_its_reader(front: Front, merchant: Merchant, environment: dict[str, str]) -> None:
    page = {"items": [{"paymentId": 1, "merchantId": "x" * 100}] * 200, "nextCursor": "1"}
    front.planned[:] = [Answer(200, page)] * 50
    mine = {"PAYOPS_URL": front.url, "PAYOPS_API_KEY": merchant.key}
    with subprocess.Popen(
        [sys.executable, "-m", "payops_client", "list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**environment, **mine},
    ) as listing:
        assert listing.stdout
        assert listing.stderr
        assert json.loads(listing.stdout.readline())["paymentId"] == 1
        listing.stdout.close()
        assert (listing.wait(30), listing.stderr.read()) == (141, b"")
