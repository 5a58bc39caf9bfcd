"""Role pki makes certificates once, renews those that are due and no others, and shows each service its new files."""

import os
import pwd
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.integration.pki.authority import Authority
from tests.integration.pki.playbooks import OF_DEBIAN, Machines, Run, debian_reads_certificates

pytestmark = [
    pytest.mark.skipif(not find_spec("ansible"), reason="Ansible comes with the group vms"),
    pytest.mark.timeout(400),  # each run of Ansible takes seconds, many on a busy machine
]
OWNER: Final = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
DUE: Final = ("due", "spoilt", "unlucky")
TYPES: Final = {"spoilt": "Ed25519"}
LEAVES: Final = ("kept", *DUE, "own")
ADDRESSES: Final = ("127.0.0.1", "::1", "2001:DB8::1", "2001:db8:0:0::2")
DAY: Final = 86_400


def certificate(name: str, folder: Path) -> dict[str, Any]:
    """An entry of pki_certificates, for a host of that name; `apply` notes the name, for `unlucky` only if it may."""
    note = f"echo {name} >>{folder}/notes"
    condition = f"test -e {folder}/allowed && " if name == "unlucky" else ""
    return {"name": name, "names": [name, *ADDRESSES], "owner": OWNER, "apply": ["sh", "-c", condition + note]}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.new()


@dataclass
class Story:
    """A machine: made, run again, then certificates became due, and two runs after that."""

    machines: Machines
    authority: Authority
    runs: list[Run] = field(default_factory=list)
    made: dict[str, str] = field(default_factory=dict)
    shown: dict[str, int] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)

    def texts(self) -> dict[str, str]:
        """The certificates that are there now."""
        return {path.stem: path.read_text() for path in self.machines.files().glob("*.pem")}

    def bring(self, days: int) -> dict[str, Any]:
        """An entry with files of your own."""
        leaf, folder = self.authority.leaf(["own"], days), self.machines.folder
        (folder / "own.certificate").write_text(leaf.certificate)
        (folder / "own.key").write_text(leaf.key)
        entry = {"name": "own", "names": ["own"], "owner": OWNER}
        return entry | {part: str(folder / f"own.{part}") for part in ("certificate", "key")}

    def plant(self) -> None:
        """Have certificates of `DUE` that are due, each in its way, and a key that others read."""
        files = self.machines.files()

        def put(name: str, signer: Authority, days: int, host: str = "") -> None:
            leaf = signer.leaf([host or name, *ADDRESSES], days)
            (files / f"{name}.pem").write_text(leaf.certificate)
            (files / f"{name}.key").unlink(missing_ok=True)
            (files / f"{name}.key").write_text(leaf.key)
            (files / f"applied/{name}").write_text(f"{'0' * 64}  ca.pem\n")

        put("kept", self.authority, 31)
        put("due", self.authority, 29)
        put("spoilt", Authority.new(), 89, host="another")
        (files / "spoilt.key").write_text(self.authority.leaf(["spoilt"], 89).key)
        put("unlucky", self.authority, 89)
        (files / "unlucky.pem").write_text("-----BEGIN CERTIFICATE-----\n")
        (files / "kept.key").chmod(0o644)


@pytest.fixture(scope="module")
def story(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Three runs of the role: from nothing, with what is due, and again after a service could not read its files."""
    folder = tmp_path_factory.mktemp("story")
    story = Story(Machines(folder, python=OF_DEBIAN if debian_reads_certificates() else sys.executable), authority)
    listed = [
        certificate("kept", folder) | {"hosts": ["elsewhere", "of_one"]},
        story.bring(60),
        {"name": "reader", "apply": ["sh", "-c", f"echo reader >>{folder}/notes"]},
        {"name": "elsewhere", "names": ["x"], "hosts": ["elsewhere", "nowhere"]},
    ]
    story.machines.variables = {"pki_ca_certificate": authority.certificate, "pki_ca_key": authority.key}
    story.runs.append(story.machines.role(pki_certificates=listed))
    assert story.runs[0].code == 0, story.runs[0].text
    story.made = story.texts()
    story.plant()
    story.bring(80)
    story.before = story.texts()
    listed += [certificate(name, folder) | {"key_type": TYPES.get(name, "ECC")} for name in DUE]
    story.runs.append(story.machines.role(pki_certificates=listed))
    (folder / "allowed").touch()
    story.runs.append(story.machines.role(pki_certificates=listed))
    story.after = story.texts()
    return story


def expiries(machines: Machines) -> dict[str, int]:
    """What the node exporter would show."""
    text = (machines.metrics() / "payops-certificates.prom").read_text()
    return {name: int(value) for name, value in re.findall(r'(?m)^certificate_\w+{name="(\w+)"} (\d+)$', text)}


def test_a_machine_has_the_files_of_its_certificates(story: Story) -> None:
    assert set(story.made) == {"ca", "kept", "own"}
    there = {path.name for path in story.machines.files().iterdir()}
    wanted = {f"{name}.{kind}" for name in LEAVES for kind in ("pem", "key")}
    assert there == wanted | {"ca.pem", "pending", "applied"}
    assert list((story.machines.files() / "pending").iterdir()) == []


def test_a_key_is_its_owners_alone_and_the_authoritys_key_is_nowhere(story: Story) -> None:
    files = story.machines.files()
    keys = {path.stem: (path.stat().st_mode & 0o777, path.owner()) for path in files.glob("*.key")}
    assert keys == dict.fromkeys(LEAVES, (0o400, OWNER)), "also the one that others could read"
    assert (files / "pending").stat().st_mode & 0o777 == 0o700
    assert "BEGIN PRIVATE KEY" in (files / "kept.key").read_text(), "PKCS 8, which Kafka reads"
    secret = story.authority.key.splitlines()[1]
    assert not [path for path in files.rglob("*") if path.is_file() and secret in path.read_text()]


def test_no_key_is_in_what_ansible_says(story: Story) -> None:
    text = "".join(run.text for run in story.runs)
    assert "PRIVATE" not in text
    assert story.authority.key.splitlines()[1] not in text


def test_a_certificate_is_for_its_names_for_ninety_days(story: Story) -> None:
    leaf = x509.load_pem_x509_certificate(story.made["kept"].encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["kept"]
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    assert addresses == ["127.0.0.1", "::1", "2001:db8::1", "2001:db8::2"]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert 89.9 * DAY < leaf.not_valid_after_utc.timestamp() - time.time() < 90.1 * DAY


def test_what_is_due_is_renewed_and_the_rest_is_not(story: Story) -> None:
    after, before = story.after, story.before
    assert {name for name in after if after[name] != before[name]} == {*DUE, "own"}
    signer = x509.load_pem_x509_certificate(story.authority.certificate.encode())
    for name in DUE:
        x509.load_pem_x509_certificate(after[name].encode()).verify_directly_issued_by(signer)
    assert after["own"] == (story.machines.folder / "own.certificate").read_text()


@pytest.mark.parametrize(
    "reason",
    [
        "due: fewer than 30 days are left",
        "spoilt: its names differ, another authority has signed it, its key is of another type, its key does not fit",
        "unlucky: it is missing or broken",
        "own: another one was brought",
    ],
)
def test_the_run_says_why(story: Story, reason: str) -> None:
    assert reason in " ".join(story.runs[1].text.split())


def test_a_key_is_of_the_type_that_is_asked_for(story: Story) -> None:
    types = {name: type(x509.load_pem_x509_certificate(story.after[name].encode()).public_key()) for name in DUE}
    assert [issubclass(types[name], Ed25519PublicKey) for name in DUE] == [False, True, False]


def test_a_key_is_new_with_its_certificate(story: Story) -> None:
    keys = [x509.load_pem_x509_certificate(texts["due"].encode()).public_key() for texts in (story.before, story.after)]
    assert keys[0] != keys[1]


def test_the_node_exporter_shows_when_certificates_expire(story: Story) -> None:
    shown = expiries(story.machines)
    assert set(shown) == {"ca", *LEAVES}
    leaf = x509.load_pem_x509_certificate(story.after["due"].encode())
    assert shown["due"] == leaf.not_valid_after_utc.timestamp()
    assert 3649 * DAY < shown["ca"] - time.time() < 3651 * DAY


def test_each_service_is_shown_its_new_files_until_it_has_taken_them(story: Story) -> None:
    assert [run.code == 0 for run in story.runs] == [True, False, True], story.runs[-1].text
    noted = (story.machines.folder / "notes").read_text().split()
    assert sorted(noted) == sorted(["kept", *DUE]), "once, and not at the first run; the test has replaced kept.pem"
    for name in ("kept", "own", *DUE):
        read = (story.machines.files() / f"applied/{name}").read_text().split()
        assert read[::2] == [sha256(story.after[file].encode()).hexdigest() for file in ("ca", name)]


def test_another_run_changes_only_what_failed_before(story: Story) -> None:
    """The service reads its files, which is noted; and the metric is written, as the run before did not end."""
    assert story.runs[2].changed == 3, story.runs[2].text


def test_a_dry_run_says_what_is_due_and_writes_nothing(authority: Authority, tmp_path: Path) -> None:
    machines = Machines(tmp_path)
    listed = [certificate("kept", tmp_path) | {"owner": "payops-no-such-user"}]
    machines.variables = {"pki_ca_certificate": authority.certificate, "pki_ca_key": authority.key}
    done = machines.role("--check", pki_certificates=listed)
    assert done.code == 0, done.text
    assert "kept: it is missing or broken" in done.text
    assert not machines.files().exists()
    assert "payops-no-such-user" not in [user.pw_name for user in pwd.getpwall()]


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("sudo"), reason="only root becomes another user unasked")
@pytest.mark.skipif(not debian_reads_certificates(), reason="the user may not read the interpreter of the tests")
def test_a_user_can_have_certificates_in_a_folder_of_its_own(authority: Authority, long: bool) -> None:
    if not long:
        pytest.skip("two runs of Ansible without mitogen (--long)")
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
