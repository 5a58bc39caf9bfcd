"""Operations about which nothing else is to be known are looked up as all rules would see them."""

import pytest
from sqlalchemy import Engine

from payments.acquiring.rules import State
from payments.platform.database import create_engine
from payments.platform.tables.reconciliation import recon_exception, recon_file
from payments.reconciliation.lookups import ours
from payments.reconciliation.rules import SETTLED, Settled
from payments.reconciliation.settled_lookup import SettledLookup
from tests.contracts.reconciliation import books
from tests.contracts.reconciliation.books import change, imported, rows
from tests.unit.reconciliation.made import day, operation
from tests.unit.reconciliation.test_planted import planted


def check(engine: Engine, references: list[str], *, at_least: int) -> None:
    """Hold what is settled against what is known of each operation."""
    side = ours(engine, books.NAME, None)
    known, settled = side.by_reference(references), side.settled(references)
    named = {each for (each,) in rows(engine, recon_exception, "operation_id")}
    assert settled == {
        name: Settled(each.operation_id, each.kind, each.currency, each.gross)
        for name, each in known.items()
        if each.state in SETTLED
        and not each.used
        and each.missing_id is None
        and not (each.operation_id in named and name not in settled)  # an ended exception: all rules are asked
    }
    assert len(settled) >= at_least


def test_operations_in_each_state(engine: Engine) -> None:
    books.store(engine, [one._replace(state=state) for one, state in zip(day(len(State)), State, strict=True)])
    check(engine, [one.reference for one in day(len(State))], at_least=2)


def test_operations_of_another_acquirer(engine: Engine) -> None:
    books.store(engine, day(2), connector="none")
    assert ours(engine, books.NAME, None).settled([one.reference for one in day(2)]) == {}


def test_what_a_file_has_found(engine: Engine) -> None:
    made = planted(120, 3, 6)
    books.store(engine, made.operations)
    references = [one.reference for one in made.operations]
    check(engine, references, at_least=80)
    imported(engine, made.lines)
    check(engine, references, at_least=0)
    change(engine, recon_file, recon_file.c.file_id == 1, state="READING")
    check(engine, references, at_least=60)


@pytest.mark.parametrize("bound", [4, 30, 42, 45, 48, 60])
def test_what_the_server_cuts_off_is_not_known(mariadb_url: str, bound: int) -> None:
    """Each operation has some 30 characters, of which the last ones are its amount."""
    engine = create_engine(mariadb_url, pool_size=1)
    books.store(engine, [operation(1), operation(2, amount=1234)])
    lookup = SettledLookup(engine, books.NAME, [])
    names = [operation(number).reference for number in (1, 2)]
    whole = lookup.of(names)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SET SESSION group_concat_max_len={bound}")
    cut = lookup.of(names)
    engine.dispose()
    assert len(whole) == 2
    assert cut.items() < whole.items()
