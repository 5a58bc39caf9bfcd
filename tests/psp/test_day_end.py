"""`make reconcile` ends the simulator's day: its file can be had from then on, and the next day is another one."""

from datetime import date, timedelta

from stack.day_end import end_day
from tests.psp.simulator import Simulator


def test_a_day_ends_and_its_file_is_there() -> None:
    with Simulator() as simulator:
        first = date.fromisoformat(end_day(simulator.access))
        second = date.fromisoformat(end_day(simulator.access))
        assert second == first + timedelta(days=1)
        days = (first, second, second + timedelta(days=1))
        answers = [simulator.api.get(f"/v1/settlements/{day}.csv") for day in days]
        assert [answer.status for answer in answers] == [200, 200, 409]
