"""The fees of `make run`: stored once, and never after a payment, for what it costs does not change."""

from sqlalchemy import Engine, select

from payments.platform.tables.settlement import fee_schedule
from stack import first_fees
from tests.contracts import commands


def schedules(engine: Engine) -> list[tuple[str, int, int]]:
    """Currency, basis points and fixed fee of those of `make run`."""
    columns = (fee_schedule.c.currency, fee_schedule.c.basis_points, fee_schedule.c.fixed)
    query = select(*columns).where(fee_schedule.c.created_by == first_fees.NAME).order_by(fee_schedule.c.currency)
    with engine.connect() as connection:
        return [(row.currency, row.basis_points, row.fixed) for row in connection.execute(query)]


def added(engine: Engine) -> bool:
    with engine.begin() as connection:
        return first_fees.add_first(connection)


def test_a_new_database_gets_them_once(engine: Engine) -> None:
    assert [added(engine), added(engine)] == [True, False]
    assert schedules(engine) == [("EUR", 250, 25), ("KRW", 250, 300), ("USD", 250, 30)]
    commands.run_one(engine, commands.authorize("a"))
    assert not added(engine)


def test_one_with_a_payment_gets_none(engine: Engine) -> None:
    commands.run_one(engine, commands.authorize("a"))
    assert not added(engine)
    assert schedules(engine) == []
