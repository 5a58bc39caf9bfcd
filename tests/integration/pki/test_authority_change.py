"""rotate-certificates.yml changes the authority in three steps; processes of the step before go on working."""

import itertools
import ssl
from collections import Counter
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
    """Runs of the playbook, and processes that were started after each."""

    machines: Machines
    runs: list[Run]
    sides: list[list[Side]]

    def step(self, *authorities: Authority) -> None:
        run = self.machines.rotate(**variables(*authorities))
        assert run.code == 0, run.text
        self.runs.append(run)
        self.sides.append([started(self.machines.files(name), name) for name in NAMES])


@pytest.fixture(scope="module")
def change(tmp_path_factory: pytest.TempPathFactory) -> Change:
    """From the old authority to the new one, step by step."""
    folder = tmp_path_factory.mktemp("change")
    machines = Machines(folder, names=NAMES)
    entries: list[dict[str, Any]] = [{"name": "redis", "names": ["{{ inventory_hostname }}"]}, {"name": "payops"}]
    for entry in entries:
        entry["apply"] = ["sh", "-c", f"echo {entry['name']} >>{folder}/notes"]
    machines.variables = {"pki_certificates": entries}
    done = Change(machines, [], [])
    for authorities in ([OLD], [OLD, NEW], [NEW, OLD], [NEW]):
        done.step(*authorities)
    return done


def test_each_step_changes_all_machines(change: Change) -> None:
    assert [run.changed >= len(NAMES) for run in change.runs] == [True] * 4, change.runs[-1].text


def test_another_run_changes_nothing(change: Change, long: bool) -> None:
    if not long:
        pytest.skip("test_role.py has the same of the role (--long)")
    again = change.machines.rotate(**variables(NEW))
    assert (again.code, again.changed) == (0, 0), again.text


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
    noted = Counter((change.machines.folder / "notes").read_text().split())
    assert noted["payops"] == 2 * len(NAMES), "ca.pem has changed twice: not at the first run, when it is not there yet"
    assert noted["redis"] == 3 * len(NAMES), "and its certificate once"


def test_an_authority_is_forgotten_only_when_all_machines_are_done(change: Change) -> None:
    """From one authority to another at once; a machine is left out, or fails. The last test: it changes machines."""
    machines = change.machines
    refused = machines.rotate("--limit", "one", **variables(OLD))
    assert "Another authority signs now, which this machine does not trust yet." in " ".join(refused.text.split())
    assert refused.code != 0
    of_two = {"name": "lost", "hosts": "of_two", "names": ["two"], "certificate": "/nowhere", "key": "/nowhere"}
    given = variables(OLD) | {"pki_certificates": [*machines.variables["pki_certificates"], of_two]}
    failed = machines.rotate(**given)
    assert "there is no /nowhere" in " ".join(failed.text.split())
    for name in NAMES:
        assert (machines.files(name) / "ca.pem").read_text().count("BEGIN CERTIFICATE") == 2
    one, two = (started(machines.files(name), name) for name in NAMES)
    shake_hands(one, two)
    shake_hands(two, one)
