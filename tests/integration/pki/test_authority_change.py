"""rotate-certificates.yml changes the authority in three steps; processes of the step before go on working."""

import itertools
import ssl
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest

from tests.integration.pki.authority import Authority
from tests.integration.pki.playbooks import Machines, Run

pytestmark = [
    pytest.mark.skipif(not find_spec("ansible"), reason="Ansible comes with the group vms"),
    pytest.mark.timeout(400),  # each run of Ansible takes seconds, many on a busy machine
]
NAMES: Final = ("one", "two")
OLD: Final = Authority.new("old")
NEW: Final = Authority.new("new")


@dataclass(frozen=True)
class Side:
    """A process on a machine: what it has read, and does not read again."""

    name: str
    server: ssl.SSLContext
    client: ssl.SSLContext


def started(files: Path, name: str) -> Side:
    """A process that starts now: serves with its certificate, and calls others trusting ca.pem."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files / "redis.pem", files / "redis.key")
    server.load_verify_locations(files / "ca.pem")
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(files / "ca.pem")
    client.load_cert_chain(files / "redis.pem", files / "redis.key")
    return Side(name, server, client)


def shake_hands(client: Side, server: Side, name: str = "") -> None:
    """Mutual TLS in memory, by the server's name; raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    calling = client.client.wrap_bio(to_client, to_server, server_hostname=name or server.name)
    serving = server.server.wrap_bio(to_server, to_client, server_side=True)
    for side in (calling, serving, calling, serving):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    calling.write(b"ping")
    assert serving.read(4) == b"ping"


def variables(*authorities: Authority) -> dict[str, Any]:
    """The first one signs."""
    first, *others = authorities
    return {
        "pki_ca_certificate": first.certificate,
        "pki_ca_key": first.key,
        "pki_other_ca_certificates": [authority.certificate for authority in others],
    }


@dataclass
class Change:
    """Runs of the playbook, and processes that were started before and after each."""

    machines: Machines
    runs: list[Run]
    sides: list[list[Side]]

    def step(self, *authorities: Authority, **more: Any) -> Run:
        run = self.machines.rotate(**variables(*authorities), **more)
        self.runs.append(run)
        self.sides.append([started(self.machines.files(name), name) for name in NAMES])
        return run


@pytest.fixture(scope="module")
def change(tmp_path_factory: pytest.TempPathFactory) -> Change:
    """From the old authority to the new one, each step once, and one run more."""
    folder = tmp_path_factory.mktemp("change")
    machines = Machines(folder, names=NAMES)
    note = ["sh", "-c", f"echo applied >>{folder}/notes"]
    entry = {"name": "redis", "names": ["{{ inventory_hostname }}"], "apply": note}
    machines.variables = {"pki_certificates": [entry]}
    done = Change(machines, [], [])
    for authorities in ([OLD], [OLD, NEW], [NEW, OLD], [NEW], [NEW]):
        done.step(*authorities)
    return done


def test_each_step_changes_all_machines_and_another_run_nothing(change: Change) -> None:
    assert [run.code for run in change.runs] == [0] * 5, change.runs[-1].text
    assert [run.changed > 0 for run in change.runs] == [True] * 4 + [False], change.runs[-1].text


def test_processes_of_a_step_and_of_the_one_before_reach_each_other(change: Change) -> None:
    for before, after in itertools.pairwise(change.sides):
        for client, server in itertools.product(before + after, before + after):
            shake_hands(client, server)


def test_a_name_that_the_certificate_lacks_is_refused(change: Change) -> None:
    one, two = change.sides[0]
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(one, two, name="one")


def test_the_old_authority_is_not_trusted_at_the_end(change: Change) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(change.sides[-1][0], change.sides[0][1])
    for name in NAMES:
        assert (change.machines.files(name) / "ca.pem").read_text().split() == NEW.certificate.split()


def test_services_are_shown_each_change(change: Change) -> None:
    noted = (change.machines.folder / "notes").read_text().split()
    assert len(noted) == 3 * len(NAMES), "not at the first run, when they are not there yet"


def test_an_authority_is_forgotten_only_when_all_machines_are_done(tmp_path: Path) -> None:
    """From one authority to another at once; a machine is left out, or fails."""
    machines = Machines(tmp_path, names=NAMES)
    for name in NAMES:
        machines.of_one[name] = {"pki_certificates": [{"name": "redis", "names": [name]}]}
    assert machines.rotate(**variables(OLD)).code == 0
    refused = machines.rotate("--limit", "one", **variables(NEW))
    assert "Another authority signs now, which this machine does not trust yet." in " ".join(refused.text.split())
    assert refused.code != 0
    machines.of_one["two"] = {"pki_certificates": [{"name": "redis", "names": ["two"], "owner": "no-such-user"}]}
    assert machines.rotate(**variables(NEW)).code != 0
    for name in NAMES:
        assert (machines.files(name) / "ca.pem").read_text().count("BEGIN CERTIFICATE") == 2
    one, two = (started(machines.files(name), name) for name in NAMES)
    shake_hands(one, two)
    shake_hands(two, one)
