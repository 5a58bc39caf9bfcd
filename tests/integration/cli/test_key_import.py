"""`keys generate`, `keys import` and `merchants create --if-missing`, called as an installation's scripts call them."""

import json
import os
import pty
import select
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import IO

import pytest
from sqlalchemy import Engine

from payments.merchants.key_form import Prefix, new_key, parse
from tests.integration.cli.test_merchants_and_keys import CREATE, PEPPER, answer, call

CTRL_C, CTRL_D = "\x03", "\x04"


def new(prefix: Prefix) -> str:
    return new_key(prefix).text


def import_(database_url: str, key: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return call(database_url, "keys", "import", *arguments, "--name", "x", given=key, **environment)


def test_a_key_is_made_without_a_database() -> None:
    nothing = {"DATABASE_URL": "", "APP_KEY_PEPPER": "", "APP_AUTH": "nonsense"}
    for kind, prefix in (("test", "po_test_00"), ("live", "po_live_00"), ("operator", "po_oper_00")):
        made = call("", "keys", "generate", kind, **nothing)
        assert (made.returncode, made.stderr, made.stdout.count("\n")) == (0, "", 1)
        assert parse(made.stdout.strip()) is not None
        assert made.stdout.startswith(prefix)


def test_a_key_is_imported_once(engine: Engine, database_url: str) -> None:
    key = new(Prefix.OPERATOR)
    for changed in (True, False):
        done = import_(database_url, key, "--operator", "--scope", "read")
        assert (done.returncode, done.stderr) == (0, "")
        assert key not in done.stdout
        shown = json.loads(done.stdout)
        assert shown.pop("changed") is changed
        assert [shown] == answer(database_url, "keys", "list")["items"]


def test_imports_at_once_are_one_key(engine: Engine, database_url: str) -> None:
    key = new(Prefix.TEST)

    def start(_: int) -> list[subprocess.CompletedProcess[str]]:
        merchant = call(database_url, "merchants", "create", "M1", "--name", "A shop", "--if-missing")
        return [merchant, import_(database_url, key, "--merchant", "M1")]

    with ThreadPoolExecutor(3) as pool:
        outcomes = [*pool.map(start, range(3))]
    for command in range(2):
        done = [outcome[command] for outcome in outcomes]
        assert [one.stderr for one in done] == [""] * 3
        assert sorted(json.loads(one.stdout)["changed"] for one in done) == [False, False, True]


def test_a_merchant_that_is_there_is_no_error_when_it_may_be(sqlite_url: str) -> None:
    for changed in (True, False):
        assert answer(sqlite_url, *CREATE, "--if-missing")["changed"] is changed
    for options, text in (([], "already."), (["--live", "--if-missing"], "it is not LIVE")):
        done = call(sqlite_url, *CREATE, *options)
        assert (done.returncode, done.stdout) == (1, "")
        assert text in done.stderr


def test_a_key_that_is_not_imported_is_not_shown(sqlite_url: str) -> None:
    answer(sqlite_url, *CREATE)
    key = new(Prefix.TEST)
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    of_m1 = ["--merchant", "M1"]
    cases = [
        (wrong, of_m1, 1, "Standard input must be one API key"),
        (f"{key}\n{key}", of_m1, 1, "Standard input must be one API key"),
        (f"{key} " * 9, of_m1, 1, "Standard input must be one API key"),
        ("", of_m1, 1, "Standard input must be one API key"),
        (f"\udcff{key}", of_m1, 1, "Standard input must be one API key"),
        (key, ["--operator"], 1, "of another kind"),
        (key, ["--merchant", "M2"], 1, "There is no merchant M2."),
        (key, [*of_m1, "--scope", "operate"], 2, "not for a key of this kind"),
        (key, ["--merchant", "M1", "--operator"], 2, "not allowed with"),
        (key, [], 2, "required"),
        (key, [*of_m1, key], 2, f"unrecognized arguments: {key[:20]}_[removed]"),
        (key, ["--merchant", key], 2, "1 to 32 characters"),
    ]
    for given, options, code, text in cases:
        done = import_(sqlite_url, given, *options)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1), (options, done.stderr)
        assert text in done.stderr
        assert key[21:] not in done.stderr
    assert answer(sqlite_url, "keys", "list")["items"] == []


def test_nothing_is_imported_without_a_pepper(sqlite_url: str) -> None:
    key = new(Prefix.OPERATOR)
    done = import_(sqlite_url, key, "--operator", APP_KEY_PEPPER="")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("APP_KEY_PEPPER is not set")


@pytest.mark.parametrize(
    ("typed", "code", "text"),
    [
        ("KEY\n", 0, '"changed": true'),
        (CTRL_D, 1, "Standard input must be"),
        ("\udcff\n", 1, "Standard input must be"),
        (CTRL_C, 130, "The key (it is not shown): "),
    ],
)
def test_a_key_is_typed_without_an_echo(sqlite_url: str, typed: str, code: int, text: str) -> None:
    key = new(Prefix.OPERATOR)
    settings = {"DATABASE_URL": sqlite_url, "APP_KEY_PEPPER": f"1:{PEPPER}"}
    command = [sys.executable, "-m", "payments", "keys", "import", "--operator", "--name", "x"]
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "r+b", buffering=0) as terminal:
        process = subprocess.Popen(
            [
                "setsid",
                "--ctty",
                "--wait",
                "env",
                "--default-signal=INT",
                *command,
            ],  # a shell's background jobs ignore it
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, **settings},
        )
        os.close(theirs)
        shown = read_until(terminal, "(it is not shown): ")
        terminal.write(typed.replace("KEY", key).encode(errors="surrogateescape"))
        # one that comes between the prompt and the reading does not end the reading; people type it again, too
        while typed == CTRL_C and not select.select([terminal], [], [], 1)[0]:
            terminal.write(CTRL_C.encode())
        shown += read_until(terminal, None)
        assert process.wait() == code, shown
    assert text in shown
    assert key not in shown
    assert "Traceback" not in shown


def read_until(terminal: IO[bytes], text: str | None) -> str:
    """What is shown, up to `text`; None: up to the end, which Linux reports as an error."""
    shown = ""
    while text is None or text not in shown:
        try:
            shown += terminal.read(1000).decode()
        except OSError:
            break
    return shown


def test_a_closed_input_is_no_key(sqlite_url: str) -> None:
    command = f"{sys.executable} -m payments keys import --operator --name x <&-"
    settings = {"DATABASE_URL": sqlite_url, "APP_KEY_PEPPER": f"1:{PEPPER}"}
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, env={**os.environ, **settings}, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
