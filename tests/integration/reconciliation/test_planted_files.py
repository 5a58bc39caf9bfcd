"""Files of the simulator with differences of each class among thousands of lines: each is found, and nothing else.

100,000 lines in `make test-long`.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import pytest
from sqlalchemy import Engine, text

from payments.audit.service import audit
from payments.ledger.rules import Account
from payments.platform.clock import monotonic
from payments.platform.database import create_engine
from payments.reconciliation import decisions, waiting
from payments.reconciliation.importing import Asked, Report, import_file
from payments.reconciliation.rules import WAIT
from tests.contracts.posting import publish_and_post
from tests.integration.reconciliation.planted import FIRST, NOON, SECOND, Planted
from tests.moments import always
from tests.stories.month.acquirer import Acquirer
from tests.stories.month.clock import MovedClock
from tests.stories.month.truth import balances

NIGHT: Final = timedelta(hours=12, minutes=30)
_FOUND: Final = """
SELECT e.exception_class, e.state, l.reference AS line, o.reference AS operation
FROM recon_exception e
LEFT JOIN recon_line l ON l.file_id = e.file_id AND l.number = e.number
LEFT JOIN acquirer_operation o ON o.operation_id = COALESCE(e.operation_id, e.missing_operation_id)
"""


@pytest.fixture
def engine(mariadb_url: str) -> Iterator[Engine]:
    """An engine on a fresh MariaDB database."""
    engine = create_engine(mariadb_url)
    yield engine
    engine.dispose()


@pytest.fixture
def planted(engine: Engine, monkeypatch: pytest.MonkeyPatch, long: bool) -> Planted:
    """Two days with differences of each class."""
    clock = MovedClock(engine, monkeypatch, NOON)
    made = Planted(engine, clock, Acquirer(clock), Random(7))
    made.trade(100_000 if long else 10_000, each=50 if long else 10)
    made.plant(each=50 if long else 10)
    return made


def take(planted: Planted, day: Any, *, dry_run: bool = False) -> Report:
    """Import the file of a day in the night after it."""
    data = planted.acquirer.files.file(day)
    at = max(planted.clock.now, datetime.combine(day, NOON.timetz()) + NIGHT)
    planted.clock.go(at)
    asked = Asked(f"{day}.csv", "simulator", "kim")
    return import_file(planted.engine, lambda: [data], asked, always(planted.clock.now), dry_run=dry_run)


def found(engine: Engine) -> dict[tuple[str, str], Counter[str]]:
    """References by class and state of exceptions: of their operations, or of their lines."""
    by_class: dict[tuple[str, str], Counter[str]] = {}
    with engine.connect() as connection:
        for row in connection.execute(text(_FOUND)):
            name = row.operation or row.line
            by_class.setdefault((row.exception_class, row.state), Counter())[name] += 1
    return by_class


def everything_stored(engine: Engine) -> list[tuple[Any, ...]]:
    """All that imports write."""
    with engine.connect() as connection:
        return [
            tuple(connection.execute(text(f"SELECT COUNT(*), MAX({key}) FROM {table}")).one())
            for table, key in (
                ("recon_line", "number"),
                ("recon_exception", "exception_id"),
                ("ledger_entry", "entry_id"),
            )
        ]


def test_each_difference_is_found_in_its_class_and_nothing_else(planted: Planted) -> None:
    engine, want = planted.engine, planted.found
    while publish_and_post(engine):
        pass
    before = everything_stored(engine)
    tried = take(planted, FIRST, dry_run=True)
    assert everything_stored(engine) == before, "a dry run writes nothing"
    first = take(planted, FIRST)
    assert (first.tally.classes, first.tally.totals) == (tried.tally.classes, tried.tally.totals)
    lost = want.pop("MISSING_AT_ACQUIRER") | want["LATE"]
    assert set(found(engine)["MISSING_AT_ACQUIRER", "WAITING"]) == lost

    second = take(planted, SECOND)
    late = want.pop("LATE")
    got = found(engine)
    assert set(got.pop(("MISSING_AT_ACQUIRER", "RESOLVED"))) == late
    assert set(got.pop(("MISSING_AT_ACQUIRER", "WAITING"))) == lost - late
    assert {of_class: set(names) for (of_class, state), names in got.items() if state == "OPEN"} == want
    assert all(times == 1 for names in got.values() for times in names.values())
    lines = [len(planted.acquirer.files.lines(day)) for day in (FIRST, SECOND)]
    assert [first.tally.lines, second.tally.lines] == lines

    assert decisions.decide_matched(engine, monotonic, lambda _seconds: None) == len(planted.decided)
    planted.clock.go(NOON + WAIT + timedelta(days=2))
    with engine.begin() as connection:
        assert waiting.open_overdue(connection, planted.clock.now) == len(lost - late)
    while publish_and_post(engine):
        pass
    check_money(planted)


def check_money(planted: Planted) -> None:
    """Hold the ledger against what the acquirer paid out, and ask the audit."""
    with planted.engine.connect() as connection:
        books = balances(connection)
        rows = connection.execute(text("SELECT currency, SUM(suspense) FROM recon_exception GROUP BY currency"))
        suspense = {row[0]: int(row[1]) for row in rows if row[1]}
        decided = connection.execute(
            text("SELECT reference FROM acquirer_operation WHERE state = 'APPROVED' AND reference IN :names"),
            {"names": tuple(planted.decided)},
        )
        assert set(decided.scalars()) == planted.decided
    assert {key: amount for key, amount in books[Account.BANK].items() if amount} == planted.acquirer.files.nets()
    assert {key: amount for key, amount in books[Account.RECONCILIATION_SUSPENSE].items() if amount} == suspense
    report = audit(planted.engine, full=True, answers_kept=timedelta(days=30))
    assert (report.differences, report.in_flight) == ([], 0)
