"""Certificates of your own: each run of role pki checks those that are there, and forgets no authority of theirs."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509

from tests.integration.pki.authority import Authority, Leaf
from tests.integration.pki.playbooks import Machines, Run

pytestmark = [
    pytest.mark.skipif(not find_spec("ansible"), reason="Ansible comes with the group vms"),
    pytest.mark.timeout(400),  # each run of Ansible takes seconds, many on a busy machine
]
OLD: Final = Authority.new("old")
NEW: Final = Authority.new("new")
ENDS_FIRST: Final = OLD.intermediate("ends first", 40)
REDIS: Final[dict[str, Any]] = {"name": "redis", "names": ["localhost"]}
NAMES: Final = ("renamed", "ended", "kept", "vaulted")
BROUGHT: Final[dict[str, Leaf]] = {name: OLD.leaf(["localhost"], 60) for name in NAMES}
OF_CHAIN: Final = ENDS_FIRST.leaf(["localhost"], 60)
BROUGHT["chained"] = Leaf(OF_CHAIN.certificate + ENDS_FIRST.certificate, OF_CHAIN.key)


def entry(machines: Machines, name: str, leaf: Leaf) -> None:
    """Give a machine an entry with files of your own."""
    machines.of_one[name] = {"pki_certificates": [REDIS | leaf.written(machines.folder, name)]}


def run(machines: Machines, *options: str) -> Run:
    """Use the role, with the password of what is encrypted."""
    return machines.role("--vault-password-file", str(machines.folder / "password"), *options)


def encrypt(folder: Path, path: Path) -> None:
    """As a key lies in a repository."""
    (folder / "password").write_text("a password")
    program = str(Path(sys.executable).with_name("ansible-vault"))
    command = [program, "encrypt", "--vault-password-file", str(folder / "password"), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Machines:
    """Machines with certificates of your own, after one run."""
    machines = Machines(tmp_path_factory.mktemp("brought"), names=tuple(BROUGHT))
    machines.variables = {"pki_ca_certificate": OLD.certificate}
    for name, leaf in BROUGHT.items():
        entry(machines, name, leaf)
    encrypt(machines.folder, machines.folder / "vaulted.key")
    done = run(machines)
    assert done.code == 0, done.text
    return machines


@pytest.fixture(scope="module")
def later(machines: Machines) -> dict[str, Run]:
    """The next runs: one machine's entry has one more name, another's certificate has expired."""
    expired = OLD.leaf(["localhost"], -1)
    entry(machines, "ended", expired)
    (machines.files("ended") / "redis.pem").write_text(expired.certificate)
    (machines.files("ended") / "redis.key").unlink()
    (machines.files("ended") / "redis.key").write_text(expired.key)
    machines.of_one["renamed"]["pki_certificates"][0]["names"] = ["localhost", "pay.example.org"]
    return {mode: run(machines, *options) for mode, options in {"run": (), "check": ("--check",)}.items()}


@pytest.mark.parametrize("mode", ["run", "check"])
@pytest.mark.parametrize(
    ("name", "sentence"), [("renamed", "for localhost, pay.example.org"), ("ended", "certificate has expired")]
)
def test_one_that_does_not_do_any_more_is_refused(later: dict[str, Run], mode: str, name: str, sentence: str) -> None:
    said = later[mode].of_machine(name)
    assert "redis: the certificate must be PEM" in said, later[mode].text
    assert sentence in said


@pytest.mark.parametrize("mode", ["run", "check"])
@pytest.mark.parametrize("name", ["kept", "vaulted", "chained"])
def test_one_that_does_is_left_as_it_is(later: dict[str, Run], mode: str, name: str) -> None:
    assert not later[mode].of_machine(name)
    assert later[mode].changes_of(name) == 0, later[mode].text


def test_a_chain_expires_with_the_certificate_in_it_that_ends_first(machines: Machines) -> None:
    shown = (machines.metrics("chained") / "payops-certificates.prom").read_text()
    ends = x509.load_pem_x509_certificate(ENDS_FIRST.certificate.encode()).not_valid_after_utc
    assert f'{{name="redis"}} {ends.timestamp():.0f}\n' in shown


def test_a_key_that_is_encrypted_is_installed_in_clear(machines: Machines) -> None:
    assert "ANSIBLE_VAULT" in (machines.folder / "vaulted.key").read_text()
    assert (machines.files("vaulted") / "redis.key").read_text() == BROUGHT["vaulted"].key


def test_an_authority_is_not_forgotten_while_one_of_its_certificates_is_there(tmp_path: Path) -> None:
    """Not on other machines either, which would refuse it."""
    machines = Machines(tmp_path, names=("one", "two"))
    entry(machines, "two", OLD.leaf(["localhost"], 60))
    given = {"pki_ca_certificate": NEW.certificate, "pki_other_ca_certificates": [OLD.certificate]}
    trusting_both = machines.rotate(**given)
    assert trusting_both.code == 0, trusting_both.text

    given["pki_other_ca_certificates"] = []
    refused = machines.rotate(**given)
    assert refused.code != 0, refused.text
    said = refused.of_machine("two")
    assert "redis: the certificate must be PEM" in said
    assert "signed by an authority of pki_ca_certificate" in said
    assert [OLD.certificate in (machines.files(name) / "ca.pem").read_text() for name in machines.names] == [True] * 2

    entry(machines, "two", NEW.leaf(["localhost"], 60))
    done = machines.rotate(**given)
    assert done.code == 0, done.text
    assert [OLD.certificate in (machines.files(name) / "ca.pem").read_text() for name in machines.names] == [False] * 2
