"""Payout files: what is in them, ours and those for banks, and what a bank would refuse."""

import hashlib

import pytest
from sqlalchemy import Engine, update

from payments.merchants import service
from payments.merchants.rules import Mode
from payments.platform.desk_errors import (
    NothingToPayOut,
    PayoutAccountMissing,
    SettlementConflict,
)
from payments.platform.errors import PaymentsError, ValidationFailed
from payments.platform.tables.merchants import merchant
from payments.platform.values.iban import NO_IBAN, NoIban
from payments.settlement import payout_file, payout_file_store, payout_store, payouts
from payments.settlement.pain_001 import LARGEST_TRANSFER
from payments.settlement.payout_file import Format, Payout
from payments.settlement.rules import Batch, State
from tests.contracts.settlement.paying import (
    IBAN,
    OURS,
    approve,
    confirm,
    content,
    export,
    payout_states,
    settled,
    stored,
)
from tests.contracts.settlement.selling import price, register, sell

OTHER = "FR1420041010050500013M02606"


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """A database with prices."""
    for currency in ("EUR", "KRW"):
        price(engine, currency=currency)
    return engine


def test_a_file_has_all_approved_batches_of_its_currency_and_no_other(engine: Engine) -> None:
    ids = [settled(engine, 10_000 * (number + 1), f"M{number}") for number in range(3)]
    foreign = settled(engine, 10_000, "M0", "KRW")
    for batch_id in (ids[0], ids[2], foreign):
        approve(engine, batch_id)
    first = export(engine)
    assert payout_file.read(content(engine, first))[1] == [
        Payout(ids[0], "M0", "EUR", 9_820),
        Payout(ids[2], "M2", "EUR", 29_520),
    ]
    with pytest.raises(NothingToPayOut):
        export(engine)
    approve(engine, ids[1])
    second = export(engine)
    assert (second.payouts, second.total) == (1, 19_670)
    with engine.connect() as connection:
        assert payout_store.files_of(connection, [*ids, foreign]) == {ids[0]: 1, ids[1]: 2, ids[2]: 1}
        assert payout_file_store.page(connection, None, 9) == [second, first]
        assert payout_file_store.page(connection, second.file_id, 9) == [first]
        assert payout_file_store.get(connection, first.file_id) == first


def test_a_large_file_leaves_the_rest_for_the_next(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(payouts.FILE_LIMITS, Format.CSV, 2)
    ids = [settled(engine, 10_000, f"M{number}") for number in range(3)]
    for batch_id in ids:
        approve(engine, batch_id)
    assert [export(engine).payouts, export(engine).payouts] == [2, 1]
    assert [row[0] for row in payout_states(engine)] == ids


def test_a_file_for_a_bank_needs_accounts_and_euros(engine: Engine) -> None:
    register(engine, "M1", "UTC")
    batch_id = settled(engine)
    approve(engine, batch_id)
    wrong: list[tuple[type[PaymentsError], str, dict[str, object]]] = [
        (PayoutAccountMissing, "APP_PAYOUT_IBAN", {"debtor": None}),
        (PayoutAccountMissing, "no IBAN: M1", {}),
        (ValidationFailed, "format", {"currency": "KRW"}),
    ]
    for error, said, changed in wrong:
        with pytest.raises(error, match=said):
            export(engine, Format.PAIN_001, **changed)  # type: ignore[arg-type]
    assert stored(engine, batch_id).batch.state is State.APPROVED
    with engine.begin() as connection:
        connection.execute(update(merchant).values(iban=IBAN))
    file = export(engine, Format.PAIN_001)
    data = content(engine, file)
    assert (file.format, file.total, data[:5]) == (Format.PAIN_001, 9_820, b"<?xml")
    assert hashlib.sha256(data).hexdigest() == file.sha256
    for part in (OURS.iban, IBAN, "98.20", "A shop", file.name):
        assert part.encode() in data


def pay_to(engine: Engine, iban: str | NoIban, merchant_id: str = "M1") -> None:
    with engine.begin() as connection:
        service.change_merchant(connection, merchant_id, "its letter", "cli:a", iban=iban)


def test_a_removed_account_holds_up_files_for_a_bank_until_there_is_another(engine: Engine) -> None:
    for merchant_id in ("M1", "M2"):
        register(engine, merchant_id, "UTC")
        pay_to(engine, IBAN, merchant_id)
        approve(engine, settled(engine, merchant_id=merchant_id))
    pay_to(engine, NO_IBAN)
    with pytest.raises(PayoutAccountMissing, match=r"no IBAN: M1\."):
        export(engine, Format.PAIN_001)
    pay_to(engine, OTHER)
    data = content(engine, export(engine, Format.PAIN_001))
    assert [data.count(f"<IBAN>{number}<".encode()) for number in (OTHER, IBAN)] == [1, 1]


def test_a_removed_account_does_not_hold_up_a_file_of_ours(engine: Engine) -> None:
    register(engine, "M1", "UTC")
    pay_to(engine, IBAN)
    approve(engine, settled(engine))
    pay_to(engine, NO_IBAN)
    assert export(engine, mode=Mode.LIVE).total == 9_820


def test_what_is_closed_keeps_its_sums_and_a_file_its_accounts(engine: Engine) -> None:
    register(engine, "M1", "UTC")
    pay_to(engine, IBAN)
    paid, closed = settled(engine), settled(engine, currency="KRW")
    assert paid != closed
    approve(engine, paid)
    file = export(engine, Format.PAIN_001)
    before = content(engine, file), batch(engine, paid), batch(engine, closed)
    assert IBAN.encode() in before[0]
    pay_to(engine, NO_IBAN)
    assert (content(engine, file), batch(engine, paid), batch(engine, closed)) == before
    assert confirm(engine, paid).batch.state is State.CONFIRMED


def batch(engine: Engine, batch_id: int) -> Batch:
    return stored(engine, batch_id).batch


def test_more_than_a_bank_transfers_is_left_to_a_file_of_ours(engine: Engine) -> None:
    sell(engine, LARGEST_TRANSFER, currency="EUR")
    batch_id = settled(engine, LARGEST_TRANSFER)
    approve(engine, batch_id)
    approve(engine, batch_id, "cli:b")
    register(engine, "M1", "UTC")
    with engine.begin() as connection:
        connection.execute(update(merchant).values(iban=IBAN))
    with pytest.raises(SettlementConflict, match=f"Batch {batch_id} is more than a SEPA transfer"):
        export(engine, Format.PAIN_001)
    assert export(engine, mode=Mode.LIVE).total > LARGEST_TRANSFER


def test_test_money_is_not_in_the_file_of_real_money(engine: Engine) -> None:
    register(engine, "M0", "UTC")
    register(engine, "M1", "UTC", Mode.TEST)
    live, test, unknown = ids = [settled(engine, 10_000, f"M{number}") for number in range(3)]
    for batch_id in ids:
        approve(engine, batch_id)
    with pytest.raises(ValidationFailed, match="LIVE money"):
        export(engine, Format.PAIN_001, mode=Mode.TEST)
    real, tried = export(engine, mode=Mode.LIVE), export(engine, mode=Mode.TEST)
    assert [each.batch_id for each in payout_file.read(content(engine, real))[1]] == [live]
    assert [each.batch_id for each in payout_file.read(content(engine, tried))[1]] == [test, unknown]
    assert (real.name[:4], tried.name[:5]) == ("2030", "TEST-")
