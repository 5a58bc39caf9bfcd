"""Operators' playbooks: a support bundle that tells what one needs and no secret, and a health check that can fail."""

import tarfile

import pytest

from tests.infra import inventory
from tests.vm.machines import ROOT, Machines

pytestmark = pytest.mark.timeout(300)


def test_the_support_bundle_tells_much_and_no_secret(machines: Machines) -> None:
    machines.playbook("support-bundle.yml", support_since="3 hours ago").well()  # all that made and used the machines
    secrets = [part.encode() for value in inventory.secrets().values() for part in inventory.secret_texts(value)]
    assert len(secrets) >= 40
    for name in inventory.names():
        with tarfile.open(ROOT / ".state/support" / f"{name}.tar.gz") as bundle:
            files = {m.name.partition("/")[2]: bundle.extractfile(m) for m in bundle if m.isfile()}
            texts = {name: file.read() for name, file in files.items() if file}
        assert {"units.txt", "journal.txt", "firewall.txt", "packages.txt"} <= texts.keys()
        assert not [file for file, text in texts.items() if any(secret in text for secret in secrets)]


def test_the_health_check_fails_while_a_worker_is_stopped(machines: Machines) -> None:
    machines.on("application", "systemctl", "stop", "payops-ledger").well()
    try:
        assert machines.playbook("health.yml").code != 0
    finally:
        machines.on("application", "systemctl", "start", "payops-ledger").well()
