"""When a merchant's day ends and where it is paid: stored, changed and noted, on both databases."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, select

from payments.merchants import provisioning, service, store
from payments.merchants.rules import MerchantState, Mode
from payments.platform.tables.processes import operator_action
from payments.platform.values.iban import NO_IBAN

FIRST, SECOND = "DE89370400440532013000", "GB82WEST12345698765432"


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction, with the test merchant M1."""
    with engine.begin() as connection:
        service.create_merchant(connection, "M1", "A shop", Mode.TEST, "cli:me")
        yield connection


def account(connection: Connection, merchant_id: str) -> tuple[str, str | None]:
    found = store.get_merchant(connection, merchant_id)
    assert found is not None
    return found.time_zone, found.iban


def test_a_merchant_is_made_with_an_account_or_without(connection: Connection) -> None:
    assert account(connection, "M1") == ("UTC", None)
    service.create_merchant(connection, "M2", "x", Mode.TEST, "cli:me", time_zone="Asia/Seoul", iban=FIRST)
    assert account(connection, "M2") == ("Asia/Seoul", FIRST)


def test_a_change_leaves_what_is_not_given(connection: Connection) -> None:
    service.change_merchant(connection, "M1", "it moved", "cli:me", time_zone="Asia/Seoul")
    service.change_merchant(connection, "M1", "its form", "cli:me", iban=FIRST)
    service.change_merchant(connection, "M1", "fraud", "cli:me", state=MerchantState.SUSPENDED)
    assert account(connection, "M1") == ("Asia/Seoul", FIRST)


def test_what_changed_is_noted_without_the_account_s_number(connection: Connection) -> None:
    for reason in ("its form", "again"):
        service.change_merchant(connection, "M1", reason, "cli:me", time_zone="Asia/Seoul", iban=FIRST)
    before = store.epoch(connection)
    service.change_merchant(connection, "M1", "a new bank", "cli:me", iban=SECOND)
    assert store.epoch(connection) == before + 1
    noted = connection.execute(select(operator_action.c.action, operator_action.c.target, operator_action.c.detail))
    assert noted.all()[1:] == [
        ("merchant.time_zone", "merchant M1", "UTC to Asia/Seoul: its form"),
        ("merchant.iban", "merchant M1", "none to …3000: its form"),
        ("merchant.iban", "merchant M1", "…3000 to …5432: a new bank"),
    ]


def test_an_account_is_removed_alone_and_once(connection: Connection) -> None:
    service.change_merchant(connection, "M1", "its form", "cli:me", time_zone="Asia/Seoul", iban=FIRST)
    for reason in ("the account is closed", "again"):
        service.change_merchant(connection, "M1", reason, "cli:me", iban=NO_IBAN)
    assert account(connection, "M1") == ("Asia/Seoul", None)
    noted = connection.execute(select(operator_action.c.detail).where(operator_action.c.action == "merchant.iban"))
    assert noted.scalars().all() == ["none to …3000: its form", "…3000 to none: the account is closed"]


def test_one_that_is_there_keeps_its_account(connection: Connection) -> None:
    _, made = provisioning.ensure_merchant(
        connection, "M1", "A shop", Mode.TEST, "cli:me", time_zone="Asia/Seoul", iban=FIRST
    )
    assert not made
    assert account(connection, "M1") == ("UTC", None)
