"""Kafka's service stops and comes back: the drill that operators have, on the machines."""

import pytest

from tests.vm.machines import Machines, run
from tests.vm.platform import audited

DRILL_SECONDS = 300


@pytest.mark.timeout(DRILL_SECONDS + 30)
def test_the_breaker_opens_and_closes_around_a_stopped_kafka(machines: Machines) -> None:
    said = run("scripts/test-circuit-breaker.sh", "--preset", "vagrant", seconds=DRILL_SECONDS).well()
    assert "OPEN since" in said
    assert "all true" in said
    audited(machines)
