"""Text is equal when its bytes are, on both databases, wherever a merchant or a key is compared."""

from itertools import permutations

import pytest
from sqlalchemy import Engine, String, inspect, text

from payments.payment import idempotency_store
from payments.payment import store as payment_store
from payments.payment.batch import BatchFailed
from payments.payment.commands import Key
from payments.platform.database import create_engine
from payments.platform.tables.every import metadata
from tests.contracts.commands import authorize, capture, run, run_one

LOOK_ALIKES = [
    "M1",
    "m1",
    "a",
    "a ",
    " a",
    "\u00e9",
    "e\u0301",
    "e",
    "a\0",
    "\0",
    "a\0b",
    "😀",
    "😁",
    "ß",
    "ss",
    "\t",
    "a\t",
]
LONGEST = "😀" * 64


def test_look_alike_keys_are_different_keys(engine: Engine) -> None:
    results = run(engine, *(authorize(key) for key in LOOK_ALIKES))
    assert [(result.status, result.replayed) for result in results] == [(200, False)] * len(LOOK_ALIKES)
    again = run(engine, *(authorize(key) for key in LOOK_ALIKES))
    assert [(result.body, result.replayed) for result in again] == [(result.body, True) for result in results]


def test_look_alike_merchants_do_not_see_each_other_s_payments(engine: Engine) -> None:
    for number, (owner, other) in enumerate(permutations(["M1", "m1", "M1 ", "\u00e9", "e\u0301", "M1\0"], 2)):
        made = run_one(engine, authorize(f"k{number}", merchant=owner))
        payment_id = int(made.body.split(":")[1].split(",")[0])
        (result,) = run(engine, capture(payment_id, f"c{number}", merchant=other))
        assert result.error is not None
        assert result.error.code == "NOT_FOUND", (owner, other)
        with engine.connect() as connection:
            assert payment_id not in [p.payment_id for p in payment_store.page(connection, other, None, None, 100)]


def test_keys_of_the_longest_length_keep_every_character(engine: Engine) -> None:
    first = run_one(engine, authorize(LONGEST, merchant="é" * 32))
    other = run_one(engine, authorize(LONGEST[:-1] + "a", merchant="é" * 32))
    assert first.body != other.body
    assert run_one(engine, authorize(LONGEST, merchant="é" * 32)).replayed
    with engine.connect() as connection:
        assert len(idempotency_store.find(connection, [Key("é" * 32, "authorize", LONGEST)])) == 1


def test_what_is_too_long_is_refused_never_cut(engine: Engine) -> None:
    for too_long in (authorize("é" * 65), authorize("k", merchant="😀" * 33)):
        with pytest.raises(BatchFailed, match="the statement itself is at fault"):
            run(engine, too_long)


def test_every_text_column_of_mariadb_compares_bytes(mariadb_url: str) -> None:
    engine = create_engine(mariadb_url)
    with engine.connect() as connection:
        loose = connection.execute(
            text(
                "SELECT table_name, column_name, collation_name FROM information_schema.columns"
                " WHERE table_schema = DATABASE() AND collation_name <> 'utf8mb4_nopad_bin'"
                " AND table_name <> 'alembic_version'"
            )
        ).all()
        known = set(inspect(connection).get_table_names())
    engine.dispose()
    assert loose == []
    assert known >= set(metadata.tables)
    assert any(isinstance(column.type, String) for column in metadata.tables["payment"].columns)
