"""A round of expiry is bounded, and a payment that cannot be expired does not block others, on both databases."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from payments.payment.answers import Result
from payments.payment.commands import Command
from payments.payment.execution import execute
from payments.platform.clock import monotonic
from payments.platform.errors import ServiceUnavailable
from payments.platform.tables.payments import payment
from payments.retention import service as retention
from payments.retention.service import NotAllExpired, expire_due
from tests.contracts import commands


def no_pause(_seconds: float) -> None:
    pass


def authorized(engine: Engine, count: int) -> list[int]:
    commands.run(engine, *(commands.authorize(f"k{number}", lifetime=timedelta(0)) for number in range(count)))
    with engine.connect() as connection:
        return list(connection.execute(select(payment.c.payment_id).order_by(payment.c.payment_id)).scalars())


def expired(engine: Engine) -> set[int]:
    with engine.connect() as connection:
        return set(connection.execute(select(payment.c.payment_id).where(payment.c.status == "EXPIRED")).scalars())


def test_a_round_expires_no_more_than_it_may(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "EXPIRE_BATCH", 2)
    authorized(engine, 5)
    assert [expire_due(engine, monotonic, no_pause, limit=3) for _ in range(3)] == [3, 2, 0]


@pytest.mark.parametrize("way", ["answer", "bug"])
def test_payments_that_always_fail_keep_no_other_from_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(retention, "EXPIRE_BATCH", 2)
    ids = authorized(engine, 7)
    bad = set(ids[:3])

    def failing(engine: Engine, commands: Sequence[Command], *how: Any) -> list[Result]:
        if way == "bug" and bad & {command.payment_id for command in commands}:
            raise ValueError("a row that cannot be read")
        good = [command for command in commands if command.payment_id not in bad]
        results = dict(zip((c.payment_id for c in good), execute(engine, good, *how), strict=True))
        return [results.get(c.payment_id, Result(error=ServiceUnavailable("no"))) for c in commands]

    monkeypatch.setattr(retention, "execute", failing)
    for _ in range(2):
        with pytest.raises(NotAllExpired, match=r"^3 of \d authorizations could not be released, such as 1, 2, 3\.$"):
            expire_due(engine, monotonic, no_pause)
        assert expired(engine) == set(ids) - bad
