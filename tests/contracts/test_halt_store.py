"""Halts of the ledger on both databases: one is open for all workers, and its resumption may accept some poison."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select, update

from payments.dead_letters import halt, halt_store
from payments.dead_letters.halt import PoisonWatch, PostingHalted
from payments.dead_letters.poison import UNTIL_QUIET, PoisonFlood
from payments.platform.tables.dead_letters import ledger_halt
from payments.platform.tables.processes import operator_action

AT = datetime(2025, 10, 27, 6, 16, 28, 123456, UTC)
BAD = "payment.captured 0/1 (InvalidJson: no)"


def open_halt(engine: Engine) -> str | None:
    with engine.begin() as connection:
        return halt_store.open_halt(connection)


def check(engine: Engine, watch: PoisonWatch, marks: list[str | None]) -> None:
    """Check a batch and commit, as a worker does."""
    with engine.begin() as connection:
        last = halt_store.newest(connection)
        halt.refuse_when_halted(last)
        window = watch.check(connection, last, marks)
    watch.keep(window)


def end(engine: Engine, accepted: int) -> str | None:
    with engine.begin() as connection:
        return halt.resume(connection, accepted, "cli:ann")


def left(engine: Engine) -> int:
    with engine.begin() as connection:
        found = halt_store.newest(connection)
    assert found is not None
    return found.accepted_left


def test_one_halt_is_open_however_many_workers_begin_it(engine: Engine) -> None:
    assert open_halt(engine) is None
    halt.begin(engine, "first")
    halt.begin(engine, "second")
    assert open_halt(engine) == "first"
    with pytest.raises(PostingHalted, match="first"):
        check(engine, PoisonWatch(), [None])


def test_its_end_is_noted_with_its_terms(engine: Engine) -> None:
    assert end(engine, 5) is None
    halt.begin(engine, "flood")
    assert end(engine, 5) == "flood"
    assert end(engine, 5) is None
    with engine.begin() as connection:
        (row,) = connection.execute(select(ledger_halt))
        (action,) = connection.execute(select(operator_action))
    assert (row.resumed_at is not None, row.resume_detail) == (True, '{"acceptPoison": 5, "left": 5}')
    assert (action.actor, action.action, action.target) == ("cli:ann", "ledger.resume", f"halt {row.id}")
    assert action.detail == "accept-poison 5; it was halted: flood"


def test_accepted_poison_is_kept_in_the_row_across_restarts_and_workers(engine: Engine) -> None:
    halt.begin(engine, "flood")
    end(engine, 100)
    one, two = PoisonWatch(), PoisonWatch()
    check(engine, one, [BAD] * 30)
    check(engine, two, [BAD] * 30)
    assert left(engine) == 40
    check(engine, PoisonWatch(), [BAD] * 40)
    assert left(engine) == 0
    with pytest.raises(PoisonFlood):
        check(engine, two, [BAD] * 50)


def test_a_batch_that_is_rolled_back_uses_nothing_up(engine: Engine) -> None:
    halt.begin(engine, "flood")
    end(engine, 10)
    watch = PoisonWatch()
    with pytest.raises(PoisonFlood):
        check(engine, watch, [BAD] * 60)
    assert left(engine) == 10
    check(engine, watch, [BAD] * 59)
    assert left(engine) == 0


def test_without_the_check_all_passes_until_it_is_calm(engine: Engine) -> None:
    halt.begin(engine, "flood")
    end(engine, UNTIL_QUIET)
    watch = PoisonWatch()
    check(engine, watch, [BAD] * 500)
    assert left(engine) == UNTIL_QUIET
    check(engine, watch, [None] * 60)
    assert left(engine) == 0
    with pytest.raises(PoisonFlood):
        check(engine, watch, [BAD] * 60)


def test_after_a_halt_the_window_starts_anew(engine: Engine) -> None:
    watch = PoisonWatch()
    check(engine, watch, [BAD] * 49)
    halt.begin(engine, "flood")
    end(engine, 1)
    check(engine, watch, [None, BAD, BAD])
    with pytest.raises(PoisonFlood):
        check(engine, watch, [BAD] * 48)


@pytest.mark.parametrize("words", ["because I say so", "[]", '{"acceptPoison": null}', None])
def test_a_halt_ended_by_hand_grants_nothing(engine: Engine, words: str | None) -> None:
    halt.begin(engine, "flood")
    with engine.begin() as connection:
        connection.execute(update(ledger_halt).values(resumed_at=AT, resume_detail=words))
    assert (open_halt(engine), left(engine)) == (None, 0)
