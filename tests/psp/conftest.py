"""One simulator for the tests of a worker, and new names for each test."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.psp.simulator import Client, Simulator


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    """The simulator that tests share: leave its clock alone, and never stop it."""
    with Simulator() as running:
        yield running


@pytest.fixture
def psp(simulator: Simulator) -> Iterator[Client]:
    """The client of the shared simulator; no fault outlives a test."""
    yield simulator.api
    simulator.api.control("DELETE", "faults")


@pytest.fixture
def name(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """New references that begin with the test's name."""
    numbers = count(1)
    test = "".join(letter for letter in request.node.name if letter.isascii() and letter.isalnum())[-40:]
    return lambda kind: f"{test}-{kind}-{next(numbers)}"
