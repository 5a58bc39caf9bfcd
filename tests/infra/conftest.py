"""testinfra's connections to the machines of the inventory; tests over every machine ask for `each_host`."""

import os
from collections.abc import Callable, Mapping

import pytest
import testinfra
from testinfra.host import Host

from tests.infra import inventory

os.environ["ANSIBLE_CONFIG"] = str(inventory.ANSIBLE / "ansible.cfg")  # for ssh's options, which testinfra reads there
os.environ["PATH"] = f"{inventory.BIN}{os.pathsep}{os.environ['PATH']}"  # testinfra starts ansible-inventory


def connect(name: str) -> Host:
    """A connection as root; one ssh session serves all commands."""
    return testinfra.get_host(f"ansible://{name}?ansible_inventory={inventory.path()}&sudo=true")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each machine, where a test asks for `each_host`."""
    if "each_host" in metafunc.fixturenames:
        names = inventory.names()
        if not names:
            raise pytest.UsageError(f"{inventory.path()} is missing; make the machines with `vagrant up`")
        metafunc.parametrize("each_host", names, indirect=True)


@pytest.fixture(scope="session")
def hosts() -> Mapping[str, Host]:
    """Every machine by its name."""
    assert inventory.names(), f"{inventory.path()} is missing; make the machines with `vagrant up`"
    return {name: connect(name) for name in inventory.names()}


@pytest.fixture(scope="session")
def host_of(hosts: Mapping[str, Host]) -> Callable[[str], Host]:
    """group → its first machine; the test is skipped where the environment has no such machine (`single`, build)."""

    def first(group: str) -> Host:
        members = inventory.members(group)
        if not members:
            pytest.skip(f"no machine in group {group}")
        return hosts[members[0]]

    return first


@pytest.fixture
def each_host(request: pytest.FixtureRequest, hosts: Mapping[str, Host]) -> Host:
    """One machine after the other."""
    return hosts[request.param]


@pytest.fixture(scope="session")
def secrets() -> Mapping[str, str]:
    """The vault, opened: vault_redis_app_password and the others."""
    return inventory.secrets()
