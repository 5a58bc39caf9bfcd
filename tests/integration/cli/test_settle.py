"""`settle run`, `list` and `show`, called as an operator calls them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from payments.merchants import service
from payments.merchants.rules import MerchantState
from payments.platform.clock import database_now
from payments.platform.tables.processes import operator_action
from tests.contracts.settlement.selling import batches, price, register, sell
from worker.__main__ import main

Said = tuple[int, str, str]
Tool = Callable[..., Said]


@pytest.fixture
def tool(database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tool:
    """`settle` in this process: exit code, stdout, stderr."""
    monkeypatch.setenv("DATABASE_URL", database_url)

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        code = main(["settle", *arguments])
        return (code, *capsys.readouterr())

    return run


@pytest.fixture
def then(engine: Engine) -> datetime:
    """Two days ago; a payment of 100.00 USD to M1 occurred then."""
    with engine.connect() as connection:
        then = database_now(connection) - timedelta(days=2)
    price(engine, currency="USD", valid_from=datetime(2020, 1, 1, tzinfo=UTC))
    sell(engine, 10_000, currency="USD", at=then)
    return then


def test_a_batch_is_closed_listed_and_shown(engine: Engine, then: datetime, tool: Tool) -> None:
    assert tool("run") == (0, "Batches closed: 1, carried: 0; items: 1.\n", "")
    assert tool("run", "--json") == (0, '{"closed": 0, "carried": 0, "items": 0}\n', "")
    (only,) = batches(engine)
    code, said, _ = tool("list")
    assert code == 0
    assert "98.20 USD" in said.splitlines()[1]
    assert tool("list", "--state", "OPEN")[1] == "There are no such batches.\n"
    listed = json.loads(tool("list", "--json", "--merchant", "M1", "--currency", "USD")[1])["items"]
    shown = json.loads(tool("show", str(only.batch.batch_id), "--json")[1])
    assert [shown["batch"]] == listed
    assert (shown["batch"]["net"], shown["batch"]["fees"]) == (9_820, 180)
    assert [(item["kind"], item["net"]) for item in shown["items"]] == [("CAPTURE", 9_820)]
    text = tool("show", str(only.batch.batch_id))[1]
    assert f"{then:%Y-%m-%d %H:%M:%S} CAPTURE" in text
    assert text.splitlines()[-1].endswith("payment 1")
    with engine.connect() as connection:
        noted = connection.execute(select(operator_action.c.action, operator_action.c.detail)).all()
    assert [row for row in noted if row.action == "settle"] == [
        ("settle", "closed 1, carried 0, of what occurred before the end of each merchant's day")
    ]


def test_a_batch_that_is_held_is_marked(engine: Engine, then: datetime, tool: Tool) -> None:
    register(engine, "M1", "UTC")
    assert tool("run")[0] == 0
    assert tool("list")[1].splitlines()[1].endswith(" M1")
    with engine.begin() as connection:
        service.change_merchant(connection, "M1", "fraud", "cli:a", state=MerchantState.SUSPENDED)
    for listed in (tool("list")[1], tool("show", "1")[1]):
        assert listed.splitlines()[1].endswith(" M1 (suspended)")


def test_a_cut_off_that_an_operator_names(engine: Engine, then: datetime, tool: Tool) -> None:
    sell(engine, 500, currency="USD", at=then + timedelta(hours=1))
    assert tool("run", "--cutoff", (then + timedelta(minutes=1)).isoformat())[1].startswith("Batches closed: 1,")
    assert tool("run", "--cutoff", "now")[1].startswith("Batches closed: 1,")
    assert [each.batch.gross for each in batches(engine)] == [10_000, 500]
    code, _, error = tool("run", "--cutoff", "2199-01-01T00:00:00Z")
    assert (code, error) == (2, "A cut-off is not in the future: what is not there yet cannot be settled.\n")
    with pytest.raises(SystemExit):
        tool("run", "--cutoff", "yesterday")


def test_a_merchant_that_cannot_be_settled_is_named(engine: Engine, then: datetime, tool: Tool) -> None:
    register(engine, "M2", "Mars/Base")
    sell(engine, 500, "M2", "USD", at=then)
    code, said, error = tool("run")
    assert (code, said) == (1, "Batches closed: 1, carried: 0; items: 1.\n")
    assert error.splitlines()[-1].startswith("1 could not be settled, such as M2 USD")


def test_what_is_not_there(tool: Tool) -> None:
    assert tool("show", "7") == (1, "", "There is no batch 7.\n")
    assert tool("list") == (0, "There are no such batches.\n", "")
