"""`settle approve`, `export`, `content`, `confirm` and `return`, called as an operator calls them."""

import hashlib
import json
from typing import Any

import pytest
from sqlalchemy import Engine

from payments.platform.operators import actions
from payments.settlement import payout_file
from payments.settlement.rules import State
from tests.contracts.settlement.paying import approve, settled, stored
from tests.contracts.settlement.selling import price
from tests.integration.cli.test_commands import Tool, call
from tests.integration.cli.test_commands import tool as tool  # (a fixture)

WHY = ("--reason", "checked")


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """A database with prices."""
    price(engine, currency="EUR")
    return engine


def done(said: tuple[int, str, str]) -> Any:
    code, out, err = said
    assert (code, err) == (0, "")
    return json.loads(out)


def test_a_batch_is_paid(engine: Engine, tool: Tool, database_url: str) -> None:
    batch_id = settled(engine)
    approved = done(tool("settle", "approve", str(batch_id), *WHY))
    assert (approved["state"], len(approved["approvedBy"])) == ("APPROVED", 1)
    file = done(tool("settle", "export", "EUR", "--mode", "TEST", *WHY))
    assert (file["format"], file["total"]) == ("CSV", 9_820)
    content = call(database_url, "worker", "settle", "content", str(file["fileId"]))
    assert payout_file.read(content.stdout.replace("\n", "\r\n").encode())[0] == file["name"], "newlines are translated"
    assert hashlib.sha256(content.stdout.replace("\n", "\r\n").encode()).hexdigest() == file["sha256"]
    assert done(tool("settle", "confirm", str(batch_id), *WHY))["state"] == "CONFIRMED"
    assert stored(engine, batch_id).batch.state is State.CONFIRMED
    with engine.connect() as connection:
        noted = actions(connection, None, 3)
    assert [each.action for each in noted] == ["settlement.confirm", "settlement.export", "settlement.approve"]
    assert all(each.actor.startswith("cli:") for each in noted)


def test_a_payout_is_returned(engine: Engine, tool: Tool) -> None:
    batch_id = settled(engine)
    approve(engine, batch_id)
    done(tool("settle", "export", "EUR", "--mode", "TEST", *WHY))
    assert done(tool("settle", "return", str(batch_id), *WHY))["state"] == "RETURNED"


def test_what_is_stored_may_refuse_it(engine: Engine, tool: Tool) -> None:
    batch_id = settled(engine, 20_000_000)
    assert done(tool("settle", "approve", str(batch_id), *WHY))["state"] == "CLOSED"
    for said, options in {
        "another operator has to approve it": ("approve", str(batch_id)),
        "is CLOSED: the bank answers for what is EXPORTED": ("confirm", str(batch_id)),
        "There is no batch 99.": ("return", "99"),
        "No batch of a LIVE merchant in EUR is approved.": ("export", "EUR"),
        "No batch of a LIVE": ("export", "EUR", "--format", "PAIN_001"),
    }.items():
        code, out, err = tool("settle", *options, *WHY)
        assert (code, out, err.count("\n")) == (1, "", 1), options
        assert said in err
    code, _, err = tool("settle", "export", "KRW", "--format", "PAIN_001", *WHY)
    assert (code, err) == (2, "format must be CSV unless it is LIVE money in EUR.\n")
    code, _, err = tool("settle", "content", "9")
    assert (code, err) == (1, "There is no payout file 9.\n")


def test_a_reason_is_needed(tool: Tool, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        tool("settle", "approve", "1")
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
