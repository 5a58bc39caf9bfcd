"""Role pki makes certificates once, renews those that are due and no others, and shows each service its new files."""

import os
import pwd
import re
import shutil
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509

from tests.integration.pki.authority import Authority
from tests.integration.pki.playbooks import OF_DEBIAN, Machines, Run, debian_reads_certificates

pytestmark = [
    pytest.mark.skipif(not find_spec("ansible"), reason="Ansible comes with the group vms"),
    pytest.mark.timeout(400),  # each run of Ansible takes seconds, many on a busy machine
]
OWNER: Final = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
KEPT: Final = ("kept", "opened")
DUE: Final = ("due", "foreign", "renamed", "misfit", "broken", "unlucky")
DAY: Final = 86_400


def certificate(name: str, folder: Path) -> dict[str, Any]:
    """An entry of pki_certificates, for a host of that name; `apply` notes the name, for `unlucky` only if it may."""
    note = f"echo {name} >>{folder}/notes"
    condition = f"test -e {folder}/allowed && " if name == "unlucky" else ""
    return {"name": name, "names": [name, "127.0.0.1", "::1"], "owner": OWNER, "apply": ["sh", "-c", condition + note]}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.new()


@pytest.fixture(scope="module")
def made(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> tuple[Machines, list[Run]]:
    """A machine, and the two runs that have made it; by Ansible alone."""
    folder = tmp_path_factory.mktemp("made")
    machines = Machines(folder, plain=True, python=OF_DEBIAN if debian_reads_certificates() else sys.executable)
    listed = [certificate(name, folder) for name in ("kept", "due")]
    machines.variables = {
        "pki_ca_certificate": authority.certificate,
        "pki_ca_key": authority.key,
        "pki_certificates": [*listed, {"name": "elsewhere", "names": ["x"], "hosts": "other"}],
    }
    return machines, [machines.role(), machines.role()]


@pytest.fixture(scope="module")
def renewed(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Machines, list[Run], dict[str, str]]:
    """A machine where certificates became due: runs, and the certificates from before."""
    folder = tmp_path_factory.mktemp("renewed")
    machines = Machines(folder)
    machines.variables = {
        "pki_ca_certificate": authority.certificate,
        "pki_ca_key": authority.key,
        "pki_certificates": [certificate(name, folder) | {"names": [name]} for name in (*KEPT, *DUE)],
    }
    runs = [machines.role()]
    plant(machines.files(), authority)
    before = {path.stem: path.read_text() for path in machines.files().glob("*.pem")}
    runs.append(machines.role())
    (folder / "allowed").touch()
    return machines, [*runs, machines.role(), machines.role()], before


def plant(files: Path, authority: Authority) -> None:
    """Make the certificates of `DUE` due, each in its way."""

    def put(name: str, signer: Authority, days: int, host: str = "") -> None:
        leaf = signer.leaf([host or name], days, (files / f"{name}.key").read_text())
        (files / f"{name}.pem").write_text(leaf.certificate)

    put("kept", authority, 31)
    put("due", authority, 29)
    put("foreign", Authority.new(), 89)
    put("renamed", authority, 89, host="another")
    put("unlucky", authority, 29)
    (files / "misfit.pem").write_text(authority.leaf(["misfit"], 89).certificate)
    (files / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    (files / "opened.key").chmod(0o644)
    for name in ("kept", *DUE):
        assert (files / f"applied/{name}").exists()


def expiries(machines: Machines) -> dict[str, int]:
    """What the node exporter would show."""
    text = (machines.metrics() / "payops-certificates.prom").read_text()
    return {name: int(value) for name, value in re.findall(r'(?m)^certificate_\w+{name="(\w+)"} (\d+)$', text)}


def test_the_first_run_makes_all_and_the_second_changes_nothing(made: tuple[Machines, list[Run]]) -> None:
    machines, (first, second) = made
    assert first.code == 0, first.text
    assert first.changed > 0
    assert (second.code, second.changed) == (0, 0), second.text
    there = {path.name for path in machines.files().iterdir()}
    assert there == {"ca.pem", "kept.pem", "kept.key", "due.pem", "due.key", "pending", "applied"}
    assert list((machines.files() / "pending").iterdir()) == []
    assert not (machines.folder / "notes").exists(), "a service that is not there yet is not asked to read files"


def test_a_key_is_its_owners_alone_and_the_authoritys_key_is_nowhere(made: tuple[Machines, list[Run]]) -> None:
    machines, _ = made
    key = machines.files() / "kept.key"
    assert (key.stat().st_mode & 0o777, pwd.getpwuid(key.stat().st_uid).pw_name) == (0o400, OWNER)
    assert (machines.files() / "pending").stat().st_mode & 0o777 == 0o700
    assert "BEGIN PRIVATE KEY" in key.read_text(), "PKCS 8, which Kafka reads"
    secret = machines.variables["pki_ca_key"].splitlines()[1]
    written = [path for path in machines.files().rglob("*") if path.is_file()]
    assert not [path for path in written if secret in path.read_text()]


def test_no_key_is_in_what_ansible_says(made: tuple[Machines, list[Run]]) -> None:
    machines, runs = made
    text = "".join(run.text for run in runs)
    assert "PRIVATE" not in text
    assert machines.variables["pki_ca_key"].splitlines()[1] not in text


def test_a_certificate_is_for_its_names_for_ninety_days(made: tuple[Machines, list[Run]]) -> None:
    machines, _ = made
    leaf = x509.load_pem_x509_certificate((machines.files() / "kept.pem").read_bytes())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["kept"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    ends = leaf.not_valid_after_utc.timestamp()
    assert 89.9 * DAY < ends - time.time() < 90.1 * DAY
    shown = expiries(machines)
    assert set(shown) == {"ca", "kept", "due"}
    assert shown["kept"] == ends
    assert 3649 * DAY < shown["ca"] - time.time() < 3651 * DAY


def test_what_is_due_is_renewed_and_the_rest_is_not(
    renewed: tuple[Machines, list[Run], dict[str, str]], authority: Authority
) -> None:
    machines, runs, before = renewed
    assert runs[0].code == 0, runs[0].text
    now = {path.stem: path.read_text() for path in machines.files().glob("*.pem")}
    assert {name for name in now if now[name] != before[name]} == set(DUE)
    signer = x509.load_pem_x509_certificate(authority.certificate.encode())
    for name in DUE:
        x509.load_pem_x509_certificate(now[name].encode()).verify_directly_issued_by(signer)
    assert min(expiries(machines).values()) - time.time() < 32 * DAY < expiries(machines)["due"] - time.time()


def test_a_key_is_new_with_its_certificate(renewed: tuple[Machines, list[Run], dict[str, str]]) -> None:
    machines, _, before = renewed
    keys = [
        x509.load_pem_x509_certificate(text.encode()).public_key()
        for text in (before["due"], (machines.files() / "due.pem").read_text())
    ]
    assert keys[0] != keys[1]


def test_a_key_that_others_could_read_is_closed(renewed: tuple[Machines, list[Run], dict[str, str]]) -> None:
    machines, _, _ = renewed
    assert {path.stat().st_mode & 0o777 for path in machines.files().glob("*.key")} == {0o400}


def test_each_service_is_shown_its_new_files_until_it_has_taken_them(
    renewed: tuple[Machines, list[Run], dict[str, str]],
) -> None:
    machines, runs, _ = renewed
    assert [run.code == 0 for run in runs] == [True, False, True, True], runs[1].text
    assert runs[2].changed > 0, "one service could not read its files in the run before"
    assert runs[3].changed == 0, runs[3].text
    noted = (machines.folder / "notes").read_text().split()
    assert sorted(noted) == sorted(["kept", *DUE]), "kept.pem was replaced by the test"


def test_a_dry_run_says_what_is_due_and_writes_nothing(authority: Authority, tmp_path: Path) -> None:
    machines = Machines(tmp_path)
    listed = [certificate("kept", tmp_path)]
    machines.variables = {"pki_ca_certificate": authority.certificate, "pki_ca_key": authority.key}
    done = machines.rotate("--check", pki_certificates=listed)
    assert done.code == 0, done.text
    assert "kept: it is missing or broken" in done.text
    assert not machines.files().exists()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("sudo"), reason="only root becomes another user unasked")
@pytest.mark.skipif(not debian_reads_certificates(), reason="the user may not read the interpreter of the tests")
def test_a_user_can_have_certificates_in_a_folder_of_its_own(
    authority: Authority,
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        machines = Machines(folder, plain=True, user=OWNER, python=OF_DEBIAN)
        for place in (machines.files(), machines.metrics()):
            place.mkdir()
            shutil.chown(place, OWNER)
        given = {"pki_ca_certificate": authority.certificate, "pki_ca_key": authority.key}
        runs = [machines.role(pki_certificates=[certificate("kept", folder)], **given) for _ in range(2)]
        assert [(run.code, run.changed > 0) for run in runs] == [(0, True), (0, False)], runs[0].text
        assert {path.owner() for path in machines.files().rglob("*")} == {OWNER}
