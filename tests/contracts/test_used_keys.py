"""Keys of which somebody thinks that they are new: nobody looks for their answer first, and nothing else changes."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine, event

from payments.domain.commands import Command
from tests.contracts.answers import made, told
from tests.contracts.wishes import authorize, capture, carry_out, run_one


def unseen(command: Command) -> Command:
    return replace(command, unseen=True)


def test_a_repeated_authorization_is_replayed_and_its_neighbours_succeed(engine: Engine) -> None:
    first = run_one(engine, authorize("k"))
    results = carry_out(engine, unseen(authorize("n1")), unseen(authorize("k")), unseen(authorize("n2")))
    assert [(told(result), result.replayed) for result in results] == [
        ("AUTHORIZED", False),
        ("AUTHORIZED", True),
        ("AUTHORIZED", False),
    ]
    assert results[1].body == first.body


def test_a_repeated_capture_is_replayed(engine: Engine) -> None:
    payment_id = made(engine, "p")
    first = run_one(engine, capture(payment_id, "c", 4000))
    again, other = carry_out(engine, unseen(capture(payment_id, "c", 4000)), unseen(capture(payment_id, "d", 1)))
    assert (again.body, again.replayed) == (first.body, True)
    assert told(other) == "PARTIALLY_CAPTURED"


def test_another_request_with_the_key_is_refused(engine: Engine) -> None:
    run_one(engine, authorize("k"))
    (result,) = carry_out(engine, unseen(authorize("k", 1)))
    assert told(result) == "IDEMPOTENCY_KEY_REUSED"


def test_twice_in_one_batch_is_once_and_a_replay(engine: Engine) -> None:
    first, again = carry_out(engine, unseen(authorize("k")), unseen(authorize("k")))
    assert (first.replayed, again.replayed, again.body) == (False, True, first.body)


@pytest.mark.parametrize("is_unseen", [True, False])
def test_the_answer_is_looked_for_only_when_it_may_be_there(engine: Engine, is_unseen: bool) -> None:
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    carry_out(engine, replace(authorize("k"), unseen=is_unseen))
    looked = [statement for statement in statements if "FROM idem_response_cache" in statement]
    assert len(looked) == (0 if is_unseen else 1)
