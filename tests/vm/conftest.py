"""The running machines and their API. Fails, rather than skips, without them."""

import os
from pathlib import Path

import pytest
import requests

from tests.servers import until
from tests.vm.machines import VAGRANT_INVENTORY, Machines
from tests.vm.platform import Front, bearer

RECOVERY_SECONDS = 90


@pytest.fixture(scope="session")
def machines() -> Machines:
    """All machines."""
    inventory = Path(os.environ.get("PAYOPS_INVENTORY") or VAGRANT_INVENTORY)
    assert inventory.exists(), f"{inventory} is missing; make the machines with `vagrant up`"
    return Machines(inventory)


@pytest.fixture(scope="session")
def front(machines: Machines) -> Front:
    """The API through nginx, with keys of the vault."""
    operator, merchant = (
        machines.variable("application", name) for name in ("payops_operator_key", "payops_load_keys[0]")
    )
    return Front(f"http://{machines.address('application')}", operator, merchant)


@pytest.fixture(autouse=True)
def healthy(front: Front) -> None:
    """Each test starts on a working platform, so that it does not fail for the test before it."""
    until(front.is_up, "/health says UP", seconds=RECOVERY_SECONDS, interval=0.5)


@pytest.fixture
def session(front: Front) -> requests.Session:
    """A client of the merchant."""
    session = requests.Session()
    session.headers.update(bearer(front.merchant))
    return session
