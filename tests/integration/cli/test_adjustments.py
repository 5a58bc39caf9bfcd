"""`settle adjust`, `agree`, `withdraw` and `adjustments`, called as an operator calls them."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from payments.platform.operators import actions
from payments.platform.values.money import MAX_AMOUNT
from tests.contracts.settlement.selling import payable, register
from tests.integration.cli.test_commands import Tool
from tests.integration.cli.test_commands import tool as tool  # (a fixture)
from tests.integration.cli.test_payouts import WHY, done

LIMIT = 1_000_000
"""The default of APP_SECOND_OPERATOR_ABOVE."""
Become = Callable[[str], None]


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """A database in which M1 is a merchant."""
    register(engine, "M1", "UTC")
    return engine


@pytest.fixture
def become(monkeypatch: pytest.MonkeyPatch) -> Become:
    """Let another person type from now on; at first it is alice."""

    def become(name: str) -> None:
        monkeypatch.setenv("SUDO_USER", name)

    become("alice")
    return become


@pytest.mark.parametrize("amount", [LIMIT, -500])
def test_an_adjustment_is_posted_at_once(engine: Engine, tool: Tool, become: Become, amount: int) -> None:
    made = done(tool("settle", "adjust", "M1", "KRW", str(amount), "--reason", "we were late"))
    assert (made["merchantId"], made["currency"], made["amount"]) == ("M1", "KRW", amount)
    assert (made["reason"], made["proposedBy"], made["agreedBy"]) == ("we were late", "cli:alice", None)
    assert made["postedAt"] == made["createdAt"]
    assert payable(engine)["M1", "KRW"] == amount


def test_above_the_limit_another_operator_agrees(engine: Engine, tool: Tool, become: Become) -> None:
    made = done(tool("settle", "adjust", "M1", "KRW", str(-LIMIT - 1), *WHY, "--key", "ticket 7"))
    assert done(tool("settle", "adjust", "M1", "KRW", str(-LIMIT - 1), *WHY, "--key", "ticket 7")) == made
    assert made["postedAt"] is None
    adjustment_id = str(made["adjustmentId"])
    said = f"You proposed adjustment {adjustment_id}; another operator has to agree.\n"
    assert tool("settle", "agree", adjustment_id, *WHY) == (1, "", said)
    become("bob")
    agreed = done(tool("settle", "agree", adjustment_id, "--reason", "seen"))
    assert (agreed["proposedBy"], agreed["agreedBy"]) == ("cli:alice", "cli:bob")
    assert agreed["postedAt"] is not None
    assert payable(engine)["M1", "KRW"] == -LIMIT - 1
    said = f"Adjustment {adjustment_id} is posted already.\n"
    assert tool("settle", "agree", adjustment_id, *WHY) == (1, "", said)
    with engine.connect() as connection:
        noted = actions(connection, None, 2)
    assert [(each.actor, each.action) for each in noted] == [
        ("cli:bob", "adjustment.agree"),
        ("cli:alice", "adjustment.propose"),
    ]


def test_what_nobody_wants_is_withdrawn(engine: Engine, tool: Tool, become: Become) -> None:
    made = done(tool("settle", "adjust", "M1", "KRW", str(LIMIT + 1), *WHY))
    adjustment_id = str(made["adjustmentId"])
    become("bob")
    withdrawn = done(tool("settle", "withdraw", adjustment_id, "--reason", "nobody wants it"))
    assert (withdrawn["proposedBy"], withdrawn["withdrawnBy"], withdrawn["postedAt"]) == ("cli:alice", "cli:bob", None)
    said = f"Adjustment {adjustment_id} is withdrawn already.\n"
    for action in ("withdraw", "agree"):
        assert tool("settle", action, adjustment_id, *WHY) == (1, "", said)
    line = tool("settle", "adjustments")[1].splitlines()[1]
    assert line.split()[3] == "withdrawn"
    assert line.endswith("cli:alice, cli:bob")
    with engine.connect() as connection:
        (noted,) = actions(connection, None, 1)
    assert (noted.actor, noted.action) == ("cli:bob", "adjustment.withdraw")


def test_what_is_not_there_is_refused(engine: Engine, tool: Tool) -> None:
    assert tool("settle", "adjust", "M2", "KRW", "5", *WHY) == (1, "", "There is no merchant M2.\n")
    for action in ("agree", "withdraw"):
        assert tool("settle", action, "9", *WHY) == (1, "", "There is no adjustment 9.\n")
    assert tool("settle", "adjustments") == (0, "There are no adjustments.\n", "")


@pytest.mark.parametrize("amount", ["0", "-0", str(MAX_AMOUNT + 1), str(-MAX_AMOUNT - 1), "1.5", "-1.5", "9" * 5_000])
def test_an_amount_that_cannot_be_is_refused(tool: Tool, capsys: pytest.CaptureFixture[str], amount: str) -> None:
    with pytest.raises(SystemExit) as ended:
        tool("settle", "adjust", "M1", "KRW", amount, *WHY)
    said = capsys.readouterr().err
    assert (ended.value.code, said.count("\n")) == (2, 1)
    assert f"AMOUNT: must be a whole number from -{MAX_AMOUNT} to {MAX_AMOUNT}, in minor units, and not 0" in said


@pytest.mark.parametrize("amount", [MAX_AMOUNT, -MAX_AMOUNT])
def test_the_largest_amount_is_proposed(engine: Engine, tool: Tool, amount: int) -> None:
    assert done(tool("settle", "adjust", "M1", "USD", str(amount), *WHY))["amount"] == amount


@pytest.mark.parametrize(
    "options", [("adjust", "M1", "KRW", "5"), ("agree", "1"), ("withdraw", "1"), ("adjust", "M1", "XXX", "5", *WHY)]
)
def test_a_reason_and_a_known_currency_are_needed(
    tool: Tool, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        tool("settle", *options)
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_adjustments_are_listed_newest_first(engine: Engine, tool: Tool, become: Become) -> None:
    small = done(tool("settle", "adjust", "M1", "USD", "-1234", *WHY))
    large = done(tool("settle", "adjust", "M1", "KRW", str(LIMIT + 1), *WHY))
    code, said, _ = tool("settle", "adjustments")
    title, *lines = said.splitlines()
    assert (code, title.split()[:2], len(lines)) == (0, ["ADJUSTMENT", "PROPOSED"], 2)
    assert "1000001 KRW" in lines[0]
    assert lines[0].split()[3] == "-", "it waits for a second operator"
    at = small["createdAt"][:16].replace("T", " ")
    assert " ".join(lines[1].split()) == f"{small['adjustmentId']} {at} {at} -12.34 USD M1 cli:alice"
    become("bob")
    done(tool("settle", "agree", str(large["adjustmentId"]), *WHY))
    assert tool("settle", "adjustments")[1].splitlines()[1].endswith("M1           cli:alice, cli:bob")
    code, said, _ = tool("settle", "adjustments", "--limit", "1")
    assert said.splitlines()[2] == "There are older ones; --limit 10 shows more."
    items = json.loads(tool("settle", "adjustments", "--json", "--limit", "1")[1])["items"]
    assert [item["adjustmentId"] for item in items] == [large["adjustmentId"]]


def test_help_says_what_they_do(tool: Tool, capsys: pytest.CaptureFixture[str]) -> None:
    for action, said in {
        "adjust": "minor units, such as 1250 or -1250",
        "agree": "its id, as adjustments prints it",
        "withdraw": "its id, as adjustments prints it",
        "adjustments": "at most so many (default 50)",
    }.items():
        with pytest.raises(SystemExit) as ended:
            tool("settle", action, "--help")
        assert ended.value.code == 0
        assert said in " ".join(capsys.readouterr().out.split())
