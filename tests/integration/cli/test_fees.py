"""`fees`, called as an operator calls it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from tests.contracts.settlement.selling import register
from tests.integration.cli.test_commands import Tool
from tests.integration.cli.test_commands import tool as tool  # (a fixture)

WANTED = ("--currency", "EUR", "--basis-points", "150", "--reason", "new prices")


def in_hours(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def test_a_version_is_added_and_listed(engine: Engine, tool: Tool) -> None:
    register(engine, "M1", "UTC")
    limits = ("--fixed", "30", "--minimum", "10", "--maximum", "500", "--on-refund", "RETURN")
    code, out, _ = tool("fees", "add", "--merchant", "M1", *WANTED, *limits, "--valid-from", in_hours(2))
    added = json.loads(out)
    assert (code, added["merchantId"], added["basisPoints"], added["fixed"]) == (0, "M1", 150, 30)
    assert (added["minimum"], added["maximum"], added["onRefund"]) == (10, 500, "RETURN")
    assert added["createdBy"].startswith("cli:")
    code, out, _ = tool("fees", "list", "--merchant", "M1")
    assert (code, json.loads(out)) == (0, {"items": [added]})
    plain = json.loads(tool("fees", "add", *WANTED, "--valid-from", "2031-05-17T09:00:00+09:00")[1])
    assert (plain["merchantId"], plain["maximum"], plain["onRefund"]) == ("*", None, "KEEP")
    assert plain["validFrom"] == "2031-05-17T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--valid-from", in_hours(0.9)), 2, "validFrom must be at least 1 hour from now"),
        (("--merchant", "M9", "--valid-from", in_hours(2)), 1, "There is no merchant M9."),
        (("--minimum", "6", "--maximum", "5", "--valid-from", in_hours(2)), 2, "There cannot be such a schedule"),
    ],
)
def test_what_cannot_be_is_one_sentence(tool: Tool, options: tuple[str, ...], code: int, said: str) -> None:
    found, out, err = tool("fees", "add", *WANTED, *options)
    assert (found, out, err.count("\n")) == (code, "", 1)
    assert said in err


@pytest.mark.parametrize("time", ["tomorrow", "2031-05-17T00:00:00", "2031-13-01T00:00:00Z"])
def test_a_time_needs_its_zone(tool: Tool, capsys: pytest.CaptureFixture[str], time: str) -> None:
    with pytest.raises(SystemExit) as ended:
        tool("fees", "add", *WANTED, "--valid-from", time)
    assert ended.value.code == 2
    assert "is not a time like" in capsys.readouterr().err
