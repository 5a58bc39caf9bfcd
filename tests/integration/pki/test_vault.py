"""The authority in a vault: made by make-secrets.sh, changed by change-ca.sh. Machines get the rest from the role."""

import os
import shutil
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.repo.sources import ROOT

pytestmark = [
    pytest.mark.skipif(not find_spec("ansible"), reason="Ansible comes with the group vms"),
    pytest.mark.timeout(400),  # each run of Ansible takes seconds, many on a busy machine
]
SCRIPTS = ("make-secrets.sh", "change-ca.sh", "lib-vault.sh")
VAULT = "ansible/group_vars/all/vault.yml"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the scripts and the environment of the repository, and a vault of its own."""
    folder = tmp_path_factory.mktemp("tree")
    (folder / "scripts").mkdir()
    for name in SCRIPTS:
        shutil.copy(ROOT / "scripts" / name, folder / "scripts")
    (folder / "scripts/setup-env.sh").write_text("#!/bin/sh\n")
    (folder / "scripts/setup-env.sh").chmod(0o755)
    (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
    done = run(folder, "make-secrets.sh")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def vault(tree: Path) -> Callable[[str], str]:
    """Runs change-ca.sh on a copy of the vault, which goes on between calls; gives what it said."""
    shutil.copy(tree / VAULT, tree / "copy.yml")

    def change(step: str) -> str:
        done = run(tree, "change-ca.sh", step, "copy.yml")
        return done.stdout + done.stderr

    return change


def run(tree: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(tree / "scripts" / script), *arguments]
    return subprocess.run(command, env=environment(tree), capture_output=True, text=True, check=False, timeout=180)


def environment(tree: Path) -> dict[str, str]:
    """Without a configuration of Ansible, which other tests set."""
    return {"PATH": os.environ["PATH"], "HOME": str(tree), "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)}


def viewed(tree: Path, path: str) -> str:
    """A vault's text."""
    program = str(tree / ".venv/bin/ansible-vault")
    command = [program, "view", "--vault-password-file", str(tree / ".secrets/vault-password"), str(tree / path)]
    done = subprocess.run(command, env=environment(tree), capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def content(tree: Path, path: str = "copy.yml") -> dict[str, str]:
    """What a vault has about authorities."""
    values = yaml.safe_load(viewed(tree, path))
    return {name: value for name, value in values.items() if name.startswith("vault_pki_")}


def test_a_vault_has_an_authority_with_its_key(tree: Path) -> None:
    found = content(tree, VAULT)
    assert set(found) == {"vault_pki_ca_key", "vault_pki_ca_certificate"}
    certificate = x509.load_pem_x509_certificate(found["vault_pki_ca_certificate"].encode())
    key = serialization.load_pem_private_key(found["vault_pki_ca_key"].encode(), None)
    assert certificate.public_key() == key.public_key()
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_a_vault_is_readable_by_its_owner_and_keeps_its_authority(tree: Path) -> None:
    before = content(tree, VAULT)
    done = run(tree, "make-secrets.sh")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert content(tree, VAULT) == before
    assert (tree / VAULT).stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE" not in (tree / VAULT).read_bytes()
    assert {path.name for path in (tree / ".secrets").iterdir()} == {"vault-password"}, "nothing in clear is left"


def put(tree: Path, text: str) -> None:
    """A vault with this text."""
    (tree / "copy.yml").write_text(text)
    program = str(tree / ".venv/bin/ansible-vault")
    command = [
        program,
        "encrypt",
        "--vault-password-file",
        str(tree / ".secrets/vault-password"),
        str(tree / "copy.yml"),
    ]
    subprocess.run(command, env=environment(tree), capture_output=True, check=True, timeout=60)


def test_an_authority_of_your_own_stays_without_its_key(tree: Path) -> None:
    put(tree, 'vault_pki_ca_certificate: "mine"\n')
    done = run(tree, "make-secrets.sh", "copy.yml")
    assert done.returncode == 0, done.stderr
    assert content(tree) == {"vault_pki_ca_certificate": "mine"}
    done = run(tree, "change-ca.sh", "add", "copy.yml")
    assert done.returncode == 1
    assert "has no vault_pki_ca_key" in done.stderr
    assert content(tree) == {"vault_pki_ca_certificate": "mine"}


def test_an_authority_in_several_lines_is_changed_too(tree: Path) -> None:
    put(tree, "vault_pki_ca_key: |\n  a key\n\n  of mine\nvault_pki_ca_certificate: |-\n  mine\nvault_other: stays")
    for step in ("add", "swap", "remove"):
        done = run(tree, "change-ca.sh", step, "copy.yml")
        assert done.returncode == 0, done.stderr
    found = content(tree, "copy.yml")
    assert set(found) == {"vault_pki_ca_key", "vault_pki_ca_certificate"}
    assert "BEGIN PRIVATE KEY" in found["vault_pki_ca_key"]
    assert "of mine" not in viewed(tree, "copy.yml")
    assert "vault_other: stays" in viewed(tree, "copy.yml")


def test_a_vault_that_would_be_no_yaml_is_not_written(tree: Path) -> None:
    put(tree, 'vault_pki_ca_key: "a key"\nvault_pki_ca_certificate: "mine"\nvault_other: "not closed')
    before = (tree / "copy.yml").read_bytes()
    done = run(tree, "change-ca.sh", "add", "copy.yml")
    assert done.returncode == 1
    assert "is no YAML" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tree / "copy.yml").read_bytes() == before


def test_an_authority_is_changed_in_three_steps_in_their_order(tree: Path, vault: Callable[[str], str]) -> None:
    old = content(tree)["vault_pki_ca_key"]
    assert "begin with: add" in vault("swap")
    vault("add")
    added = content(tree)
    assert added["vault_pki_ca_key"] == old
    new = added["vault_pki_other_ca_key"]
    assert "go on with: swap" in vault("add")
    vault("swap")
    swapped = content(tree)
    assert (swapped["vault_pki_ca_key"], swapped["vault_pki_other_ca_key"]) == (new, old)
    assert swapped["vault_pki_ca_certificate"] == added["vault_pki_other_ca_certificate"]
    vault("remove")
    assert content(tree) == {
        "vault_pki_ca_key": new,
        "vault_pki_ca_certificate": added["vault_pki_other_ca_certificate"],
    }
    assert "begin with: add" in vault("remove")
    assert "Usage" in vault("replace")
    assert content(tree)["vault_pki_ca_key"] == new
