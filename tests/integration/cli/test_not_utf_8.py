"""What a command is given that is no UTF-8, or is closed: one sentence and exit code 2, before anything is done."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence

import pytest

from payments.__main__ import main as payments
from worker.__main__ import main as worker

BYTES = "a\udcff"
"""A text as Python gives it for bytes of which one is not UTF-8."""
WHY = ("--reason", "x")
NEW = ("keys", "create", "--operator", "--name")
TEXTS: list[tuple[Callable[[list[str]], int], Sequence[str]]] = [
    (payments, ("merchants", "create", BYTES, "--name", "x")),
    (payments, ("merchants", "create", "M1", "--name", BYTES)),
    (payments, ("merchants", "list", "--after", BYTES)),
    (payments, ("merchants", "suspend", BYTES, *WHY)),
    (payments, ("merchants", "suspend", "M1", "--reason", BYTES)),
    (payments, (*NEW, BYTES)),
    (payments, (*NEW, "x", "--network", BYTES)),
    (payments, ("keys", "create", "--merchant", BYTES, "--name", "x")),
    (payments, ("keys", "list", "--merchant", BYTES)),
    (payments, ("keys", "list", "--after", BYTES)),
    (payments, ("keys", "rotate", BYTES, "--overlap-seconds", "1")),
    (payments, ("keys", "revoke", "0000000000", "--reason", BYTES)),
    (worker, ("settle", "adjust", BYTES, "EUR", "5", *WHY)),
    (worker, ("settle", "adjust", "M1", "EUR", "5", "--reason", BYTES)),
    (worker, ("settle", "list", "--merchant", BYTES)),
    (worker, ("fees", "list", "--merchant", BYTES)),
    (worker, ("reconcile", "import", f"{BYTES}.csv")),
    (worker, ("reconcile", "resolve", "1", "--reason", BYTES)),
    (worker, ("dlq", "discard", "1", "--reason", BYTES)),
    (worker, ("outbox", "discard", "1", "--reason", BYTES)),
]


@pytest.mark.parametrize(("main", "arguments"), TEXTS, ids=[" ".join(each[1]) for each in TEXTS])
def test_what_is_not_utf_8_is_refused(
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    main: Callable[[list[str]], int],
    arguments: Sequence[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    out, said = capsys.readouterr()
    assert (ended.value.code, out, said.count("\n")) == (2, "", 1), said
    assert "must be UTF-8" in said


def run(sqlite_url: str, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f"{sys.executable} -m {command}"],
        capture_output=True,
        text=True,
        env={**os.environ, "DATABASE_URL": sqlite_url},
        check=False,
    )


def test_a_closed_input_is_no_settlement_file(sqlite_url: str) -> None:
    done = run(sqlite_url, "worker reconcile import - <&-")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "Standard input is closed.\n")


@pytest.mark.parametrize(
    "command", ["payments merchants create M1 --name x", "worker settle content 1", "worker audit"]
)
def test_nothing_is_done_with_a_closed_output(sqlite_url: str, command: str) -> None:
    done = run(sqlite_url, f"{command} >&-")
    assert (done.returncode, done.stderr) == (2, "Standard output is closed.\n")
    assert run(sqlite_url, "payments merchants list").stdout == '{"items": [], "after": null}\n'
