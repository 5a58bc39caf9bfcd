"""Keys' calls on both databases: added up whoever writes them, in one statement; a last use never goes back."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random

from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import DBAPIError

from payments.merchants import store, use_store
from payments.merchants.use import Uses
from payments.merchants.use_store import UNUSED, Calls, Use
from payments.platform.tables.merchants import api_key_use

NOON = datetime(2026, 11, 29, 12, 30, 1, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROUNDS = 40


def stored(engine: Engine) -> dict[tuple[str, date], tuple[int, datetime]]:
    with engine.connect() as connection:
        return {(row.key_id, row.day): (row.calls, row.last_used_at) for row in connection.execute(select(api_key_use))}


def add(engine: Engine, *batch: Calls) -> None:
    with engine.begin() as connection:
        use_store.add(connection, batch)


def test_calls_add_up_and_a_last_use_never_goes_back(engine: Engine) -> None:
    today, tomorrow = NOON.date(), NOON.date() + timedelta(days=1)
    add(engine, Calls("a", today, 2, NOON), Calls("a", tomorrow, 1, NOON + 12 * HOUR), Calls("b", today, 1, NOON))
    add(engine, Calls("a", today, 3, NOON - HOUR), Calls("b", today, 1, NOON + HOUR))
    assert stored(engine) == {
        ("a", today): (5, NOON),
        ("a", tomorrow): (1, NOON + 12 * HOUR),
        ("b", today): (2, NOON + HOUR),
    }


def test_what_is_shown_counts_from_a_day_and_knows_the_last_use_of_all(engine: Engine) -> None:
    day = NOON.date()
    add(engine, *(Calls("a", day - timedelta(days=n), 10**n, NOON - timedelta(days=n)) for n in (0, 1, 2)))
    add(engine, Calls("b", day - timedelta(days=2), 7, NOON - timedelta(days=2)))
    with engine.connect() as connection:
        found = use_store.uses(connection, ["a", "b", "c"], day - timedelta(days=1))
        assert use_store.uses(connection, [], day) == {}
    assert found == {"a": Use(11, NOON), "b": Use(0, NOON - timedelta(days=2))}
    assert found.get("c", UNUSED) == Use(0, None)


def test_processes_that_write_at_once_lose_no_call(engine: Engine) -> None:
    """Each has calls of the same keys; what a lock or another writer refuses is written in a later flush."""
    made: Counter[str] = Counter()

    def write(batch: Sequence[Calls]) -> None:
        add(engine, *batch)

    def process(seed: int) -> Counter[str]:
        uses, random, mine = Uses(), Random(seed), Counter[str]()
        for number in count():
            for key_id in random.choices("abcdef", k=random.randint(1, 20)) if number < ROUNDS else ():
                uses.count(key_id, NOON + random.random() * HOUR)
                mine[key_id] += 1
            try:
                uses.flush(write)
            except DBAPIError:
                assert uses.unwritten, "kept"
            if number >= ROUNDS and not uses.unwritten:
                break
        return mine

    with ThreadPoolExecutor(4) as pool:
        for mine in pool.map(process, range(4)):
            made += mine
    assert {key_id: calls for (key_id, _), (calls, _) in stored(engine).items()} == dict(made)


def test_a_flush_is_one_statement_and_no_epoch(engine: Engine) -> None:
    with engine.begin() as connection:
        before = store.epoch(connection)
        sent = sent_inserts(connection)
        use_store.add(connection, [Calls(f"{n:010d}", NOON.date(), 1, NOON) for n in range(1_000)])
        assert store.epoch(connection) == before
        if engine.dialect.name != "sqlite":  # there each row is a call of the library, not a round trip
            assert sent_inserts(connection) == sent + 1
    assert len(stored(engine)) == 1_000


def sent_inserts(connection: Connection) -> int:
    if connection.dialect.name == "sqlite":
        return 0
    return int(connection.execute(text("SHOW SESSION STATUS LIKE 'Com_insert'")).one()[1])
