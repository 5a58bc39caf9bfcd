"""On a grown table of MariaDB an import reads the operations that its lines name, and those of its days."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from payments.platform.clock import monotonic
from payments.platform.database import create_engine
from payments.reconciliation import lookups, match_store
from payments.reconciliation.decisions import decide_matched
from payments.reconciliation.exception_store import open_overdue
from payments.reconciliation.lookups import Window
from payments.reconciliation.rules import Expected, is_owed, is_unfounded
from tests.contracts.reads import rows_read
from tests.contracts.reconciliation import books

MANY = 20_000
FEW = 400
"""Rows and index entries that may be read to find ten; counting them reads some, too."""
NOON = datetime(2030, 5, 17, 12, tzinfo=UTC)
FILLINGS = (
    # one a minute, all matched but for the last ten
    "INSERT INTO acquirer_operation (payment_id, connector, kind, amount, currency, reference, state,"
    " acquirer_reference, merchant_id, request_id, headers, created_at, sent_at, decided_at, enquiries)"
    " SELECT seq, 'simulator', 'capture', 1000, 'USD', CONCAT('00-', seq, '-capture-1'),"
    " IF(seq <= 10, 'UNKNOWN', 'APPROVED'), CONCAT('op_', seq), 'M1', 'r', '{}', '2030-05-01', '2030-05-01',"
    f" '2030-05-17 12:00:00' - INTERVAL ({MANY} - seq) MINUTE, 0 FROM seq_1_to_{MANY}",
    # declined after their lines, in the last minutes and long ago; and REVERSED, with nothing that takes them back
    f"UPDATE acquirer_operation SET state = 'DECLINED' WHERE operation_id BETWEEN {MANY} - 19 AND {MANY} - 10"
    f" OR operation_id BETWEEN 1000 AND {MANY // 2}",
    "UPDATE acquirer_operation SET state = 'REVERSED' WHERE operation_id BETWEEN 100 AND 109",
    "INSERT INTO recon_file SELECT 1, 'x', 'simulator', 'x', '2030-05-01', 'DONE', 0, 0, 0, NULL, 'a',"
    " NOW(6), NOW(6), NOW(6)",
    "INSERT INTO recon_line SELECT 1, operation_id, reference, acquirer_reference, kind, currency, amount, 25,"
    f" operation_id, 'OUR_REFERENCE' FROM acquirer_operation WHERE operation_id BETWEEN 11 AND {MANY} - 10",
    "INSERT INTO recon_exception (exception_class, state, connector, missing_operation_id, operation_id, currency,"
    " suspense, weight, opened_at, opens_at, ended_at, actor) SELECT 'MISSING_AT_ACQUIRER',"
    " IF(seq <= 10, 'WAITING', 'RESOLVED'), 'simulator', 1000000 + seq, 1000000 + seq, 'USD', 0, 1, NOW(6),"
    f" '2030-05-17', IF(seq <= 10, NULL, NOW(6)), 'a' FROM seq_1_to_{MANY}",
)


@pytest.fixture
def grown(mariadb_url: str) -> Iterator[Engine]:
    """One connection, so that all that is read is counted in one session."""
    engine = create_engine(mariadb_url, pool_size=1, timeout=60)
    with engine.begin() as connection:
        for filling in FILLINGS:
            connection.execute(text(filling))
    yield engine
    engine.dispose()


def counted(engine: Engine) -> int:
    with engine.connect() as connection:
        return rows_read(connection)


def settled(engine: Engine) -> int:
    names = [f"00-{number}-capture-1" for number in range(MANY - 19, MANY + 1)]
    return len(lookups.ours(engine, books.NAME, None).settled(names))


def by_reference(engine: Engine) -> int:
    found = lookups.ours(engine, books.NAME, None).by_reference([f"00-{number}-capture-1" for number in range(50, 60)])
    return len(found)


def by_acquirer_reference(engine: Engine) -> int:
    return len(
        lookups.ours(engine, books.NAME, None).by_acquirer_reference([f"op_{number}" for number in range(50, 60)])
    )


def of_the_window(engine: Engine) -> list[Expected]:
    window = Window(NOON - timedelta(minutes=29), NOON + timedelta(minutes=1))
    return list(lookups.ours(engine, books.NAME, window).owed())


def owed(engine: Engine) -> int:
    return sum(map(is_owed, of_the_window(engine)))


def unfounded(engine: Engine) -> int:
    return sum(map(is_unfounded, of_the_window(engine)))


def unfounded_matches(engine: Engine) -> int:
    return len(match_store.named(engine, books.NAME, range(MANY - 19, MANY + 1)))


def reversed_matches(engine: Engine) -> int:
    return len(match_store.reversed_(engine, books.NAME))


def undecided(engine: Engine) -> int:
    return 10 + decide_matched(engine, monotonic, lambda _seconds: None)


def overdue(engine: Engine) -> int:
    with engine.begin() as connection:
        return open_overdue(connection, NOON, 10)


READS = (
    *(settled, by_reference, by_acquirer_reference, owed, undecided, overdue),
    *(unfounded, unfounded_matches, reversed_matches),
)


@pytest.mark.parametrize("read", READS)
def test_only_what_is_meant_is_read(grown: Engine, read: Callable[[Engine], int]) -> None:
    before = counted(grown)
    assert read(grown) == 10
    assert counted(grown) - before < FEW
