"""Two operators decide what an acquirer does not, on both databases."""

import pytest
from sqlalchemy import Engine

from payments.acquiring import service
from payments.acquiring.rules import State
from payments.acquiring.view import Outcome
from payments.platform.desk_errors import SecondOperatorNeeded
from tests.contracts.at_acquirer import contradicted


def test_the_one_who_proposed_is_no_second_operator_by_another_way(engine: Engine) -> None:
    (manual,) = [each for each in contradicted(engine).operations() if each.state is State.MANUAL]

    def decide(outcome: Outcome, actor: str) -> bool:
        with engine.begin() as connection:
            return service.decide(connection, manual.operation_id, outcome, "their statement", actor).is_agreed

    assert not decide(Outcome.DECLINED, "key:kim")
    for same in ("key:kim", "cli:kim", "cli:Kim"):
        with pytest.raises(SecondOperatorNeeded):
            decide(Outcome.DECLINED, same)
    assert decide(Outcome.DECLINED, "cli:lee")
