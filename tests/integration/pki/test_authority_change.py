"""rotate-certificates.yml changes the authority in three steps; processes of the step before go on working."""

import itertools
import ssl
from collections import Counter
from dataclasses import dataclass, field
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
    """Machines, and processes that were started after each run of the playbook."""

    machines: Machines
    sides: list[list[Side]] = field(default_factory=list)

    def note(self, run: Run) -> None:
        assert run.code == 0, run.text
        self.sides.append(self.started())

    def started(self) -> list[Side]:
        return [started(self.machines.files(name), name) for name in NAMES]

    def trusted(self) -> list[str]:
        return [(self.machines.files(name) / "ca.pem").read_text() for name in NAMES]


@pytest.fixture(scope="module")
def change(tmp_path_factory: pytest.TempPathFactory) -> Change:
    """Machines of the old authority."""
    folder = tmp_path_factory.mktemp("change")
    machines = Machines(folder, names=NAMES)
    entries: list[dict[str, Any]] = [{"name": "redis", "names": ["{{ inventory_hostname }}"]}, {"name": "payops"}]
    for entry in entries:
        entry["apply"] = ["sh", "-c", f"echo {entry['name']} >>{folder}/notes"]
    machines.variables = {"pki_certificates": entries}
    done = Change(machines)
    done.note(machines.role(**variables(OLD)))
    return done


def test_a_name_that_the_certificate_lacks_is_refused(change: Change) -> None:
    one, two = change.sides[0]
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(one, two, name="one")


def test_an_authority_is_forgotten_only_when_all_machines_are_done(change: Change) -> None:
    """From one authority to another at once; a machine is left out, then fails, then does not."""
    machines = change.machines
    refused = machines.rotate("--limit", "one", **variables(NEW))
    assert "Another authority signs now, which this machine does not trust yet." in " ".join(refused.text.split())
    assert refused.code != 0
    of_two = {"name": "lost", "hosts": "of_two", "names": ["two"], "certificate": "/nowhere", "key": "/nowhere"}
    given = variables(NEW) | {"pki_certificates": [*machines.variables["pki_certificates"], of_two]}
    failed = machines.rotate(**given)
    assert "there is no /nowhere" in " ".join(failed.text.split())
    assert [text.count("BEGIN CERTIFICATE") for text in change.trusted()] == [2, 2]
    for client, server in itertools.permutations(change.started(), 2):
        shake_hands(client, server)

    change.note(machines.rotate(**variables(NEW)))
    assert [text.split() for text in change.trusted()] == [NEW.certificate.split()] * 2
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(change.sides[1][0], change.sides[0][1])
    noted = Counter((machines.folder / "notes").read_text().split())
    assert noted["payops"] == 2 * len(NAMES), "ca.pem has changed twice: not at the first run, when it is not there yet"
    assert noted["redis"] == 3 * len(NAMES), "and its certificate once"


def test_processes_of_a_step_and_of_the_one_before_reach_each_other(change: Change, long: bool) -> None:
    """The other way, in three steps; another run changes nothing."""
    if not long:
        pytest.skip("three runs of the playbook, and one that changes nothing (--long)")
    steps = [change.started()]
    for authorities in ([NEW, OLD], [OLD, NEW], [OLD]):
        run = change.machines.rotate(**variables(*authorities))
        assert run.changed >= len(NAMES), run.text
        change.note(run)
        steps.append(change.sides[-1])
    for before, after in itertools.pairwise(steps):
        for client, server in itertools.product(before + after, before + after):
            shake_hands(client, server)
    assert [text.split() for text in change.trusted()] == [OLD.certificate.split()] * 2
    again = change.machines.rotate(**variables(OLD))
    assert (again.code, again.changed) == (0, 0), again.text
