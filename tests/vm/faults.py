"""Faults that only the host of the machines can make: a machine that hangs, and one that is switched off."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.vm.machines import ROOT, run

BOOT_SECONDS = 180
SSH = 22


def provider(machine: str) -> str | None:
    """Vagrant's provider of the machine; None without Vagrant."""
    found = list((ROOT / ".vagrant/machines" / machine).glob("*/id"))
    return found[0].parent.name if found else None


@contextmanager
def frozen(machine: str) -> Iterator[None]:
    """Freeze the machine within the block: it neither answers nor refuses."""
    freeze, thaw = _freezing(machine)
    run(*freeze).well()
    try:
        yield
    finally:
        run(*thaw, seconds=BOOT_SECONDS).well()


def _freezing(machine: str) -> tuple[list[str], list[str]]:
    if provider(machine) == "lxc":
        return ["lxc-freeze", "-n", machine], ["lxc-unfreeze", "-n", machine]
    return ["vagrant", "suspend", machine], ["vagrant", "resume", "--no-provision", machine]


@contextmanager
def halted(machine: str) -> Iterator[None]:
    """Switch the machine off within the block."""
    run("vagrant", "halt", machine, seconds=BOOT_SECONDS).well()
    try:
        yield
    finally:
        start = ["vagrant", "up", "--no-provision", f"--provider={provider(machine)}", machine]
        run(*start, seconds=BOOT_SECONDS).well()


def address_answers(address: str) -> bool:
    """Whether ssh is reached there within a second."""
    try:
        socket.create_connection((address, SSH), timeout=1).close()
    except OSError:
        return False
    return True
