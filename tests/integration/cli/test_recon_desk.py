"""`reconcile exceptions`, `resolve` and `write-off`, called as operators call them."""

import json

import pytest
from sqlalchemy import Engine

from payments.reconciliation.rules import ExceptionClass
from tests.contracts.planted_exceptions import Planted, moved_by, plant
from tests.integration.cli.test_commands import Tool, tool  # noqa: F401  (a fixture)

WHY = ("--reason", "they say so")


def test_exceptions_are_listed(engine: Engine, tool: Tool) -> None:  # noqa: F811
    assert tool("reconcile", "exceptions") == (0, "There are no such exceptions.\n", "")
    first = plant(engine, Planted())
    missing = plant(engine, Planted(exception_class=ExceptionClass.MISSING_AT_ACQUIRER, waiting=True))
    lines = tool("reconcile", "exceptions")[1].splitlines()
    assert [line.split()[0] for line in lines] == ["ID", str(missing), str(first)]
    assert lines[2].split() == [str(first), "AMOUNT", "OPEN", "2030-05-18", "01:00:00", "8.75", "USD", "1", "7"]
    for narrowed in (["--class", "AMOUNT"], ["--state", "OPEN"], ["--file", "1"]):
        (one,) = json.loads(tool("reconcile", "exceptions", "--json", *narrowed)[1])["items"]
        assert one["exceptionId"] == first
    assert "more" in tool("reconcile", "exceptions", "--limit", "1")[1]


def test_an_exception_ends_once(engine: Engine, tool: Tool) -> None:  # noqa: F811
    exception_id = plant(engine, Planted())
    code, out, _ = tool("reconcile", "resolve", str(exception_id), *WHY)
    ended = json.loads(out)
    assert (code, ended["state"], ended["actor"][:4], ended["reason"]) == (0, "RESOLVED", "cli:", "they say so")
    for action, which in (("write-off", exception_id), ("resolve", 99)):
        code, out, error = tool("reconcile", action, str(which), *WHY)
        assert (code, out, error.count("\n")) == (1, "", 1)


def test_two_operators_end_what_is_worth_more(
    engine: Engine,
    tool: Tool,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("APP_SECOND_OPERATOR_ABOVE", "*=999")
    exception_id = plant(engine, Planted())
    command = ("reconcile", "write-off", str(exception_id), *WHY)
    monkeypatch.setenv("SUDO_USER", "kim")
    assert json.loads(tool(*command)[1])["proposal"] == "WRITTEN_OFF"
    assert tool("reconcile", "exceptions")[1].splitlines()[1].endswith("WRITTEN_OFF by cli:kim")
    code, _, error = tool(*command)
    assert (code, error) == (1, "You proposed WRITTEN_OFF; another operator has to agree.\n")
    monkeypatch.setenv("SUDO_USER", "lee")
    ended = json.loads(tool(*command)[1])
    assert (ended["state"], ended["actor"], ended["approver"]) == ("WRITTEN_OFF", "cli:kim", "cli:lee")
    assert moved_by(engine, exception_id)["reconciliation_suspense", "USD"] == 875
