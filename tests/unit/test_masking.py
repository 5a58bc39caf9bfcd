"""No log line has a card number, a password or a token, whatever module wrote it."""

import json
import logging

import pytest

from payments import logs
from payments.masking import REMOVED, masked

CARD = "4111 1111 1111 1111"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"password": "hunter2", "user": "api"}, {"password": REMOVED, "user": "api"}),
        (
            {"Admin-Token": "abc", "nested": [{"api_key": 7}]},
            {"Admin-Token": REMOVED, "nested": [{"api_key": REMOVED}]},
        ),
        ("mysql+pymysql://api:p4ss@host/paydb", f"mysql+pymysql://api:{REMOVED}@host/paydb"),
        ("redis://:p4ss@host:6379/0", f"redis://:{REMOVED}@host:6379/0"),
        ("Authorization: Bearer abc.def-ghi", f"Authorization: Bearer {REMOVED}"),
        (f"key=po_test_00Abc123Def4_{'x' * 38}&a=1", f"key=po_test_00Abc123Def4_{REMOVED}&a=1"),
        ({CARD: 1, "amount": 4111111111111}, {"[card number]": 1, "amount": 4111111111111}),
        (
            ["4111111111111111", "é4111111111111111", "a4111111111111111"],
            ["[card number]", "é[card number]", "a4111111111111111"],
        ),
        ([ValueError(f"no {CARD}")], ["no [card number]"]),
        ({"reached": None, "seconds": 0.5}, {"reached": None, "seconds": 0.5}),
    ],
)
def test_masked(value: object, shown: object) -> None:
    assert masked(value) == shown


def test_every_line_is_masked_also_its_stack_trace_and_those_of_libraries() -> None:
    try:
        raise ValueError(f"cannot use {CARD}")
    except ValueError as error:
        record = logging.getLogger("some.library").makeRecord(
            "some.library",
            logging.ERROR,
            __file__,
            1,
            "paid with %s",
            (CARD,),
            (type(error), error, error.__traceback__),
        )
    record.token = "abc"
    line = logs.formatter().format(record)
    assert CARD not in line
    logged = json.loads(line)
    assert logged["event"] == "paid with [card number]"
    assert logged["token"] == REMOVED
    assert "ValueError: cannot use [card number]" in logged["exception"]
