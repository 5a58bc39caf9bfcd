"""A command whose COMMIT fails: what is not stored is not shown as if it were."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from payments.__main__ import main as payments
from tests.integration.cli.test_merchants_and_keys import CREATE, PEPPER
from worker.__main__ import main as worker

WHY = ("--reason", "x")


@pytest.fixture(autouse=True)
def settings(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A database with the merchant M1."""
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("APP_KEY_PEPPER", f"1:{PEPPER}")
    assert payments([*CREATE]) == 0


@contextmanager
def failing() -> Iterator[None]:
    """COMMIT fails wherever."""

    def fail(_connection: Connection) -> None:
        raise OperationalError("COMMIT", {}, RuntimeError("the disk is full"))

    event.listen(Engine, "commit", fail)
    try:
        yield
    finally:
        event.remove(Engine, "commit", fail)


@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (payments, ("merchants", "create", "M2", "--name", "x")),
        (payments, ("merchants", "suspend", "M1", *WHY)),
        (payments, ("merchants", "activate", "M1", *WHY)),
        (payments, ("merchants", "connect", "M1", "--connector", "simulator", *WHY)),
        (payments, ("merchants", "account", "M1", "--time-zone", "Asia/Seoul", *WHY)),
        (payments, ("keys", "create", "--merchant", "M1", "--name", "x")),
        (payments, ("keys", "rotate", "KEY", "--overlap-seconds", "1")),
        (payments, ("keys", "revoke", "KEY", *WHY)),
        (worker, ("settle", "adjust", "M1", "EUR", "5", *WHY)),
        (
            worker,
            ("fees", "add", "--currency", "EUR", "--basis-points", "1", "--valid-from", "2099-01-01T00:00Z", *WHY),
        ),
        (worker, ("deployed", "1.0")),
    ],
    ids=lambda each: " ".join(each[:2]) if isinstance(each, tuple) else each.__module__,
)
def test_it_says_that_it_could_not(
    capsys: pytest.CaptureFixture[str], main: Callable[[list[str]], int], arguments: tuple[str, ...]
) -> None:
    assert payments(["keys", "create", "--merchant", "M1", "--name", "a key"]) == 0
    key_id = json.loads(capsys.readouterr().out.splitlines()[-1])["keyId"]
    with failing():
        code = main([key_id if word == "KEY" else word for word in arguments])
    out, said = capsys.readouterr()
    assert (code, out, said.count("\n")) == (2, "", 1), (out, said)
    assert "the disk is full" in said
