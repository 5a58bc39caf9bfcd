"""The running machines and their API. Fails, rather than skips, without them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.servers import until
from tests.vm.machines import VAGRANT_CA, VAGRANT_INVENTORY, Machines
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
    """The API through the gate, with keys of the vault, verified by the CAs of PAYOPS_CA or of Vagrant's machines."""
    ca = Path(os.environ.get("PAYOPS_CA") or VAGRANT_CA)
    assert ca.is_file(), f"{ca} is missing; `vagrant up` writes it, or set PAYOPS_CA"
    operator, merchant = (
        machines.variable("application", name) for name in ("payops_operator_key", "payops_load_keys[0]")
    )
    return Front(f"https://{machines.address('application')}", str(ca), operator, merchant)


@pytest.fixture(autouse=True)
def healthy(front: Front) -> None:
    """Each test starts on a working platform, so that it does not fail for the test before it."""
    until(front.is_up, "/health says UP", seconds=RECOVERY_SECONDS, interval=0.5)


@pytest.fixture
def session(front: Front) -> Iterator[requests.Session]:
    """A client of the merchant."""
    with front.session(front.merchant) as session:
        yield session
