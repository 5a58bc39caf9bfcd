"""Rounds of enquiries beside others, in an outage, and when something fails: one operation never stops the others."""

from collections import Counter
from datetime import timedelta
from threading import Event, Thread

import pytest
from sqlalchemy import Engine, event, update

from payments.acquiring import store
from payments.acquiring.connector import Seen
from payments.acquiring.enquiries import CLAIM, PER_ROUND, NotAllConcluded
from payments.acquiring.operation import UNDECIDED
from payments.acquiring.rules import Learned, State
from payments.platform.clock import database_now
from payments.platform.tables.acquirer import acquirer_operation as table
from payments.platform.trusted_clock.guard import ClockSuspect
from tests.contracts.commands import conclude, expire, run_one
from tests.contracts.enquiring import NAME, Rounds, Scripted, held, make_due, states, stored, unknown
from tests.servers import until

STATEMENTS = 40
"""Of one round in which everything is refused; they do not depend on how many operations are due."""


@pytest.fixture
def rounds(engine: Engine) -> Rounds:
    return Rounds(engine)


def many(engine: Engine, count: int) -> list[str]:
    """So many unknown operations, those first that are due longest."""
    references = [unknown(engine, key=f"k{number}") for number in range(count)]
    with engine.begin() as connection:
        now = database_now(connection)
        for number, reference in enumerate(references):
            due = now - timedelta(minutes=count - number)
            connection.execute(update(table).where(table.c.reference == reference).values(next_enquiry_at=due))
    return references


def undecided(engine: Engine) -> set[str]:
    return {reference for reference, state in states(engine).items() if state in UNDECIDED}


def test_no_connection_is_held_while_the_acquirer_is_asked(rounds: Rounds, engine: Engine) -> None:
    payment_id = held(engine, lifetime=timedelta(0))
    run_one(engine, expire(payment_id))
    out = []

    def counted() -> Seen:
        out.append(engine.pool.checkedout())  # type: ignore[attr-defined]
        return Seen.APPROVED

    rounds.run(void=counted)
    assert out == [0]


def test_one_that_hangs_delays_no_conclusion(rounds: Rounds, engine: Engine) -> None:
    slow, *others = many(engine, 4)

    def hang() -> Seen:
        until(lambda: undecided(engine) == {slow}, "the others are concluded while this one hangs")
        return Seen.TIMED_OUT

    rounds.acquirer.says["enquire", slow] = hang
    rounds.run()
    assert {states(engine)[reference] for reference in others} == {State.APPROVED}


def test_an_operation_that_always_fails_lets_the_others_go_on(rounds: Rounds, engine: Engine) -> None:
    """A bug of the connector, and a row that cannot be stored."""
    broken, unstored, *others = many(engine, 6)

    def bug() -> Seen:
        raise KeyError("planted")

    rounds.acquirer.says["enquire", broken] = bug
    rounds.unstored = {unstored}
    for _ in range(2):
        with pytest.raises(NotAllConcluded, match="2 of"):
            rounds.run()
        assert undecided(engine) == {broken, unstored}
        assert rounds.run() == [], "they are not due before their claim ends"
        rounds.ahead += CLAIM
    assert {states(engine)[reference] for reference in others} == {State.APPROVED}


def test_what_could_not_be_stored_as_fencing_is_not_cancelled(rounds: Rounds, engine: Engine) -> None:
    reference = unknown(engine)
    rounds.unstored = {reference}
    with pytest.raises(NotAllConcluded):
        rounds.run(enquire=Seen.NOT_FOUND)
    assert rounds.acquirer.calls == [("enquire", reference)]


def test_the_round_ends_early_while_the_breaker_refuses(rounds: Rounds, engine: Engine) -> None:
    references = many(engine, 40)
    payment_id = held(engine, "h", lifetime=timedelta(0))
    run_one(engine, expire(payment_id))
    calls = rounds.run(enquire=Seen.BREAKER_OPEN, void=Seen.BREAKER_OPEN)
    assert 1 <= len(calls) <= 16, "no more than ran at once"
    assert {stored(engine, reference).enquiries for reference in references} == {0}
    assert stored(engine, f"00-{payment_id}-void-1").state is State.CREATED
    assert rounds.noted == []
    make_due(engine)
    rounds.run(enquire=Seen.APPROVED, void=Seen.APPROVED)
    assert undecided(engine) == set()


def test_what_others_have_concluded_meanwhile_is_not_put_off(rounds: Rounds, engine: Engine) -> None:
    reference = unknown(engine)

    def concluded() -> Seen:
        run_one(engine, conclude(reference, Learned.APPROVED))
        return Seen.BREAKER_OPEN

    rounds.run(enquire=concluded)
    assert (stored(engine, reference).state, stored(engine, reference).next_enquiry_at) == (State.APPROVED, None)


def test_an_outage_costs_the_database_the_same_however_much_is_due(rounds: Rounds, engine: Engine) -> None:
    many(engine, 2 * PER_ROUND + 1)
    statements = Counter[str]()

    @event.listens_for(engine, "before_cursor_execute")
    def _count(_c: object, _cursor: object, statement: str, _p: object, _context: object, _many: bool) -> None:
        statements[statement.split()[0]] += 1

    assert rounds.enquiries.round() is True, "more are due"
    assert len(rounds.acquirer.calls) == PER_ROUND
    statements.clear()
    rounds.acquirer.says = {"enquire": Seen.BREAKER_OPEN}
    assert rounds.enquiries.round() is False, "it is not tried again at once"
    assert statements.total() < STATEMENTS, statements


def test_those_are_asked_about_first_that_are_due_longest(rounds: Rounds, engine: Engine) -> None:
    references = many(engine, PER_ROUND + 1)
    rounds.run(enquire=Seen.TIMED_OUT)
    assert {reference for _, reference in rounds.acquirer.calls} == set(references[:-1])
    assert rounds.run() == [("enquire", references[-1])]


def test_several_housekeepers_ask_about_each_once(engine: Engine) -> None:
    references = many(engine, PER_ROUND)
    acquirer = Scripted()
    everybody = [Rounds(engine, **{NAME: acquirer}) for _ in range(3)]
    failed: list[Exception] = []

    def keep(rounds: Rounds) -> None:
        try:
            while undecided(engine):
                rounds.enquiries.round()
        except Exception as error:  # noqa: BLE001  (asserted below)
            failed.append(error)

    threads = [Thread(target=keep, args=(rounds,)) for rounds in everybody]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert Counter(reference for _, reference in acquirer.calls) == Counter(references)


def test_a_row_that_is_locked_keeps_nobody_waiting(mariadb: Engine, second: Engine) -> None:
    locked, *others = many(mariadb, 3)
    with second.begin() as connection:
        store.lock(connection, [locked])
        Rounds(mariadb).run()
        assert {reference for reference, state in states(mariadb).items() if state is State.APPROVED} == set(others)
    Rounds(mariadb).run()
    assert undecided(mariadb) == set()


def test_a_process_that_stops_begins_no_call(rounds: Rounds, engine: Engine) -> None:
    payment_id = held(engine, lifetime=timedelta(0))
    run_one(engine, expire(payment_id))
    rounds.stopping.set()
    assert rounds.run() == []
    assert stored(engine, f"00-{payment_id}-void-1").state is State.CREATED
    rounds.stopping = Event()
    make_due(engine)
    assert Rounds(engine).run() == [("void", f"00-{payment_id}-void-1")]


def test_nothing_is_asked_while_the_clock_is_suspect(
    rounds: Rounds, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown(engine)

    def suspect(_connection: object) -> None:
        raise ClockSuspect("planted")

    monkeypatch.setattr(rounds.enquiries, "_now", suspect)
    with pytest.raises(ClockSuspect):
        rounds.run()
    assert rounds.acquirer.calls == []


def test_an_acquirer_that_is_no_longer_configured_keeps_nobody_waiting(engine: Engine) -> None:
    reference = unknown(engine)
    other = Rounds(engine, another=Scripted())
    other.run()
    left = stored(engine, reference)
    assert (left.state, left.enquiries) == (State.UNKNOWN, 0)
    assert other.run() == []
