"""All certificates are renewed, and the authority is changed, while clients pay: no request fails.

At the end the machines have the authority of the vault again, for the tests after this one.
"""

import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.vm.machines import ROOT, Machines, run
from tests.vm.platform import Front, all_posted, audited
from tests.vm.stream import THREADS, streaming

PER_SECOND: Final = 50
ROTATION_SECONDS: Final = 600
VAULT: Final = ROOT / "ansible/group_vars/all/vault.yml"
ALL_DUE: Final = {"pki_valid_days": 100, "pki_renew_days": 99}
"""What was made for 90 days is due."""
CA: Final = "/etc/payops-pki/ca.pem"

SPEAKERS: Final = {
    "database": {3306: "-starttls mysql", 9100: "", 9104: ""},
    "cache": {6379: "", 9121: ""},
    "broker": {9092: "", 9100: ""},
    "application": {443: "", 9443: "", 9100: ""},
    "observability": {443: "", 9443: "", 9100: ""},
    "build": {443: "", 9443: "", 9100: ""},
}
"""Ports that speak TLS, and what openssl says before the handshake."""

_log = logging.getLogger(__name__)

pytestmark = pytest.mark.timeout(3600)


@dataclass(frozen=True)
class Rotation:
    """Runs rotate-certificates.yml with a copy of the vault, in which the authority is changed."""

    machines: Machines
    vault: Path

    def playbook(self, **variables: Any) -> str:
        """Run it on all machines; its output."""
        given = ("-e", f"@{self.vault}", "-e", json.dumps(variables))
        command = ("ansible-playbook", "-i", str(self.machines.inventory), "rotate-certificates.yml", *given)
        return run(*command, seconds=ROTATION_SECONDS, folder=ROOT / "ansible").well()

    def change(self, step: str) -> None:
        """One step, in the copy of the vault."""
        run("scripts/change-ca.sh", step, str(self.vault)).well()

    def authorities(self) -> str:
        """The certificates of all authorities that the copy has."""
        password = ROOT / ".secrets/vault-password"
        text = run("ansible-vault", "view", "--vault-password-file", str(password), str(self.vault)).well()
        found = yaml.safe_load(text)
        return "".join(found[name] for name in sorted(found) if name.endswith("ca_certificate"))


@pytest.fixture
def rotation(machines: Machines, tmp_path: Path) -> Iterator[Rotation]:
    """At the end one run more, from whatever authority there is to that of the vault."""
    copy = tmp_path / "vault.yml"
    shutil.copy(VAULT, copy)
    yield Rotation(machines, copy)
    Rotation(machines, VAULT).playbook()


def serials(machines: Machines, group: str) -> set[str]:
    """The serial numbers of a machine's certificates."""
    script = "cd /etc/payops-pki && for key in *.key; do openssl x509 -noout -serial -in ${key%.key}.pem; done"
    return set(machines.on(group, "sh", "-c", script).well().split())


def speaks_verified(machines: Machines, group: str) -> None:
    """TLS with each port of a machine, verified by the machine's authorities, as a client with a certificate."""
    address, proof = machines.address(group), "-cert exporter.pem -key exporter.key"
    verified = f"-CAfile {CA} -verify_return_error -verify_ip {address}"
    lines = ["cd /etc/payops-pki"]
    for port, starttls in SPEAKERS[group].items():
        asked = f"openssl s_client -connect {address}:{port} {starttls} {proof} {verified} </dev/null 2>&1"
        lines.append(f"said=$({asked}); grep -q 'Verification: OK' <<<$said || {{ echo {port}: $said; exit 1; }}")
    machines.on(group, "bash", "-c", "\n".join(lines)).well()


def test_no_request_fails_while_certificates_are_renewed_and_the_authority_changes(
    machines: Machines, front: Front, rotation: Rotation, tmp_path: Path
) -> None:
    before = {group: serials(machines, group) for group in SPEAKERS}
    rotation.change("add")
    clients = tmp_path / "ca.pem"
    clients.write_text(rotation.authorities())
    patient = replace(front, ca=str(clients))

    with streaming(patient, PER_SECOND) as stream:
        rotation.playbook(**ALL_DUE)  # the first step, and new certificates of the old authority
        renewed = {group: serials(machines, group) for group in SPEAKERS}
        rotation.change("swap")
        rotation.playbook()
        rotation.change("remove")
        rotation.playbook()
    _log.info("MEASURED %s", f"{stream.sent} requests, {stream.reopened} reopened, slowest {stream.slowest:.2f} s")

    assert not stream.failures
    assert stream.sent > PER_SECOND * 10
    assert stream.reopened < THREADS
    assert [group for group in SPEAKERS if before[group] & renewed[group]] == []
    all_posted(machines, patient)
    audited(machines)

    clients.write_text(rotation.authorities())
    assert patient.is_up(), "the gate shows a certificate of the new authority, and clients need no other"
    for group in SPEAKERS:
        trusted = machines.on(group, "cat", CA).well()
        assert trusted.split() == rotation.authorities().split()
        speaks_verified(machines, group)
