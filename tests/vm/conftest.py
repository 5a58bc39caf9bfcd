"""The running machines and their API. Fails, rather than skips, without them."""

import os
from pathlib import Path

import pytest
import requests

from tests.servers import until
from tests.vm.machines import VAGRANT_INVENTORY, Machines
from tests.vm.platform import Front

RECOVERY_SECONDS = 90


@pytest.fixture(scope="session")
def machines() -> Machines:
    """All machines."""
    inventory = Path(os.environ.get("PAYOPS_INVENTORY") or VAGRANT_INVENTORY)
    assert inventory.exists(), f"{inventory} is missing; make the machines with `vagrant up`"
    return Machines(inventory)


@pytest.fixture(scope="session")
def front(machines: Machines) -> Front:
    """The API through nginx, as an operator."""
    token = machines.variable("application", "payops_admin_token")
    return Front(f"http://{machines.address('application')}", token)


@pytest.fixture(autouse=True)
def healthy(front: Front) -> None:
    """Each test starts on a working platform, so that it does not fail for the test before it."""
    until(front.is_up, "/health says UP", seconds=RECOVERY_SECONDS, interval=0.5)


@pytest.fixture
def session() -> requests.Session:
    """A client."""
    return requests.Session()
