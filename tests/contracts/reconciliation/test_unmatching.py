"""Matches whose operation then ended without money: the next search undoes them, and an operator ends what is left."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from payments.acquiring.rules import Learned, State
from payments.platform import operators
from payments.platform.tables.reconciliation import recon_exception, recon_file, recon_line, recon_total
from payments.reconciliation import desk, exception_store, match_store
from payments.reconciliation.match_store import Unfounded
from payments.reconciliation.rules import Line
from payments.reconciliation.turn import TurnLost, turn
from tests.contracts.at_acquirer import AtAcquirer, captured_late, contradicted, waiting
from tests.contracts.reconciliation import books
from tests.contracts.reconciliation.books import balance, change, exceptions, imported, of_day, rows
from tests.contracts.reconciliation.test_decided_otherwise import LIMITS, named
from tests.contracts.reconciliation.test_decisions import decide, line
from tests.contracts.reconciliation.test_one_at_a_time import end_the_turn

UNKNOWN_TO_US = ("UNKNOWN_TO_US", "OPEN")
FEE, NET = 108, 392
"""Of the capture of 500 KRW that is declined after its line."""
FEE_OF_OTHER = 190
"""Of the capture of 6,000 KRW."""


def file_of(lines: Sequence[Line], days: int = 0) -> str:
    """The file of today, or of so many days later: until a day's end is searched, and operations are decided now."""
    return of_day(lines, (datetime.now(UTC) + timedelta(days=days)).date().isoformat())


def take(engine: Engine, lines: Sequence[Line] = (), days: int = 0) -> None:
    imported(engine, file_of(lines, days), datetime.now(UTC))


def declined(engine: Engine, fee: int = FEE) -> tuple[AtAcquirer, list[Line]]:
    """A capture of 500 that was UNKNOWN, then matched, then DECLINED by an enquiry before the file decided it."""
    paid = waiting(engine)
    lines = [line(paid, 1), line(paid, 2, 2)._replace(fee=fee), line(paid, 3, 3)]
    take(engine, lines)
    paid.learn(Learned.DECLINED, paid.operations()[2].reference, is_repair=True)
    decide(engine)
    return paid, lines


def balances(engine: Engine) -> tuple[int, int, int]:
    """Receivable, suspense and expense, debits − credits."""
    accounts = ("acquirer_receivable", "reconciliation_suspense", "acquirer_fee_expense")
    receivable, suspense, expense = (balance(engine, account, "KRW") for account in accounts)
    return receivable, suspense, expense


def end(engine: Engine, by: Callable[..., object], exception_id: int) -> None:
    with engine.begin() as connection:
        by(connection, exception_id, "they say so", "key:kim", LIMITS, datetime.now(UTC))


def test_the_next_search_makes_it_an_exception(engine: Engine) -> None:
    paid, _ = declined(engine)
    assert len(named(engine)) == 1
    assert balances(engine) == (-500, 0, FEE_OF_OTHER + FEE)
    take(engine, days=1)
    assert exceptions(engine) == [(*UNKNOWN_TO_US, paid.operations()[2].operation_id)]
    assert named(engine) == []
    assert balances(engine) == (0, -NET, FEE_OF_OTHER), "as if the line had come after the decision"
    matched = [number for number, operation in rows(engine, recon_line, "number", "operation_id") if operation]
    assert matched == [1, 3], "what has money keeps its line"
    assert rows(engine, recon_file, "matched", "exceptions") == [(0, 0), (2, 1)]
    assert rows(engine, recon_total, "matched_gross", "matched_fee", "suspense") == [(5000, FEE_OF_OTHER, NET)]
    with engine.connect() as connection:
        noted = operators.actions(connection, None, 10)[0]
    assert (noted.actor, noted.action, noted.target) == (
        "reconciliation",
        "reconciliation.unmatch",
        "line 2 of file 1",
    )
    assert noted.detail.endswith("is DECLINED")


def test_a_second_search_changes_nothing(engine: Engine) -> None:
    declined(engine)
    take(engine, days=1)
    before = books.counts(engine)[1:]
    take(engine, days=2)
    assert books.counts(engine)[1:] == before


def test_what_is_not_decided_keeps_its_line(engine: Engine) -> None:
    paid = waiting(engine)
    take(engine, [line(paid, 1), line(paid, 2, 2)])
    take(engine, days=1)
    assert exceptions(engine) == []
    assert decide(engine) == 1
    take(engine, days=2)
    assert exceptions(engine) == []


@pytest.mark.parametrize(
    ("by", "left"), [(desk.resolve, (-NET, 0, FEE_OF_OTHER)), (desk.write_off, (0, 0, FEE_OF_OTHER - NET))]
)
def test_an_operator_ends_it(engine: Engine, by: Callable[..., object], left: tuple[int, int, int]) -> None:
    declined(engine)
    take(engine, days=1)
    end(engine, by, 1)
    assert named(engine) == []
    assert balances(engine) == left
    take(engine, days=2)
    assert balances(engine) == left


def test_the_acquirers_correction_leaves_nothing(engine: Engine) -> None:
    paid, lines = declined(engine)
    take(engine, [lines[1]._replace(gross=-500, fee=-FEE, number=1)], days=1)
    assert exceptions(engine) == [(*UNKNOWN_TO_US, paid.operations()[2].operation_id)] * 2
    end(engine, desk.resolve, 1)
    end(engine, desk.resolve, 2)
    assert named(engine) == []
    assert balances(engine) == (0, 0, FEE_OF_OTHER)


def test_an_open_fee_becomes_an_exception_about_the_whole_line(engine: Engine) -> None:
    declined(engine, FEE + 2)
    assert [of_class for of_class, *_ in exceptions(engine)] == ["FEE"]
    change(engine, recon_exception, recon_exception.c.exception_id == 1, proposal="RESOLVED", proposed_by="key:lee")
    take(engine, days=1)
    names = ("exception_class", "state", "suspense", "weight", "proposal", "proposed_by")
    assert rows(engine, recon_exception, *names) == [(*UNKNOWN_TO_US, NET - 2, NET - 2, None, None)]
    assert rows(engine, recon_file, "matched", "exceptions") == [(0, 0), (2, 1)]
    assert named(engine) == []
    assert balances(engine) == (0, 2 - NET, FEE_OF_OTHER)


def test_a_fee_that_an_operator_ends_meanwhile_stays_ended(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    declined(engine, FEE + 2)
    before, change_fee = balances(engine), exception_store.change_fee

    def late(connection: Connection, *given: Any) -> bool:
        connection.execute(recon_exception.update().values(state="RESOLVED", ended_at=books.NOW, actor="a"))
        return change_fee(connection, *given)

    monkeypatch.setattr(exception_store, "change_fee", late)
    take(engine, days=1)
    assert rows(engine, recon_exception, "exception_class", "state") == [("FEE", "RESOLVED")]
    assert balances(engine) == before
    monkeypatch.undo()
    take(engine, days=2)
    assert rows(engine, recon_exception, "exception_class", "state") == [("FEE", "RESOLVED")]


def test_a_refund_that_operators_reverse_is_not_missing_then(engine: Engine) -> None:
    paid = contradicted(engine)
    money = [place for place, each in enumerate(paid.operations()) if each.kind.value in ("capture", "refund")]
    lines = [line(paid, place, number) for number, place in enumerate(money, 1)]
    take(engine, lines)
    take(engine, days=1)
    assert exceptions(engine) == [], "operators have not decided it"
    manual = next(each for each in paid.operations() if each.state is State.MANUAL)
    paid.learn(Learned.DECLINED, manual.reference, by_operator=True)
    assert len(named(engine)) == 1
    take(engine, days=2)
    assert exceptions(engine) == [(*UNKNOWN_TO_US, manual.operation_id)]
    assert named(engine) == []
    take(engine, [lines[2]._replace(gross=-lines[2].gross, number=1)], days=3)
    assert exceptions(engine) == [("DUPLICATE", "OPEN", manual.operation_id), (*UNKNOWN_TO_US, manual.operation_id)]


def test_a_late_capture_keeps_its_line_while_something_takes_it_back(engine: Engine) -> None:
    paid = captured_late(engine)
    refund = paid.operations()[-1]
    take(engine, [line(paid, 1)])
    paid.learn(Learned.DECLINED, refund.reference)
    take(engine, days=1)
    assert exceptions(engine) == [], "operators have not decided its refund"
    paid.learn(Learned.DECLINED, refund.reference, by_operator=True)
    take(engine, days=2)
    assert exceptions(engine) == [(*UNKNOWN_TO_US, paid.operations()[-2].operation_id)]
    assert named(engine) == []


def test_one_that_is_killed_is_made_up_for(engine: Engine, database_url: str, tmp_path: Path) -> None:
    """By kill -9, when all of it is written and not committed."""
    declined(engine)
    before = balances(engine)
    file = tmp_path / "day.csv"
    file.write_text(file_of([], 1), newline="")
    environment = {**os.environ, "DATABASE_URL": database_url, "APP_CRASH_POINT": "before_match_is_undone"}
    command = [sys.executable, "-m", "worker", "reconcile", "import", str(file)]
    killed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=180)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (exceptions(engine), balances(engine)) == ([], before)
    end_the_turn(engine)
    take(engine, days=2)
    assert [each[:2] for each in exceptions(engine)] == [UNKNOWN_TO_US]
    assert named(engine) == []


@pytest.mark.parametrize("is_done", [True, False])
def test_one_that_was_frozen_and_replaced_undoes_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, is_done: bool
) -> None:
    """It has read what is to be done; the one who replaced it has done it, or not yet."""
    declined(engine)
    find = match_store.named

    def replaced(*given: Any) -> Sequence[Unfounded]:
        found = find(*given)
        monkeypatch.undo()
        end_the_turn(engine)
        if is_done:
            take(engine, days=2)
        else:
            with turn(engine):
                pass
        return found

    monkeypatch.setattr(match_store, "named", replaced)
    with pytest.raises(TurnLost):
        take(engine, days=1)
    assert len(exceptions(engine)) == is_done
    take(engine, days=3)
    assert len(exceptions(engine)) == 1
    assert named(engine) == []
    assert balances(engine) == (0, -NET, FEE_OF_OTHER)
