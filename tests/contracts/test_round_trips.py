"""How often a batch asks MariaDB, COMMIT included: each is a wait of all that are in the batch."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from payments.payment.commands import Command
from payments.platform.database import create_engine
from tests.contracts.answers import new_payment_id
from tests.contracts.commands import authorize, capture, carry_out, refund


def questions(engine: Engine) -> int:
    """What the only session of the engine has asked so far."""
    with engine.connect() as connection:
        return int(connection.execute(text("SHOW SESSION STATUS LIKE 'Questions'")).one()[1])


def captures(first: int, second: int) -> list[Command]:
    return [capture(first, "c1", 10), capture(second, "c2")]


KINDS: dict[str, tuple[int, Callable[[int, int], list[Command]]]] = {
    "one authorization": (3, lambda *_: [authorize("a1")]),
    "authorizations": (4, lambda *_: [authorize("a1"), authorize("a2")]),
    "one capture": (4, lambda first, _: [capture(first, "c1")]),
    "captures": (4, captures),
    "captures and a refund": (4, lambda first, second: [*captures(first, second), refund(second, "r1", 1)]),
    "each kind": (5, lambda first, second: [authorize("a1"), *captures(first, second), refund(second, "r1", 1)]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_asks_no_more_often(mariadb: Engine, kind: str) -> None:
    most, commands = KINDS[kind]
    lone = create_engine(mariadb.url.render_as_string(hide_password=False), pool_size=1)
    payments = [new_payment_id(lone, key) for key in ("p1", "p2")]
    before, again = questions(lone), questions(lone)
    results = carry_out(lone, *commands(*payments))
    assert questions(lone) - again - (again - before) == most
    assert [result.status for result in results] == [200] * len(results)
    lone.dispose()
