"""Role pki takes certificates of your own, and refuses wrong variables with a sentence that says what it wants."""

from importlib.util import find_spec
from typing import Any, Final

import pytest

from tests.integration.pki.authority import FOR_CLIENTS, FOR_SERVERS, Authority, Leaf, sec1
from tests.integration.pki.playbooks import Machines, Run

pytestmark = [
    pytest.mark.skipif(not find_spec("ansible"), reason="Ansible comes with the group vms"),
    pytest.mark.timeout(400),  # each run of Ansible takes seconds, many on a busy machine
]
ONE: Final = Authority.new("one")
ANOTHER: Final = Authority.new("another")
NO_AUTHORITY: Final = Authority.new("none", is_authority=False)
REDIS: Final[dict[str, Any]] = {"name": "redis", "names": ["localhost"]}

GIVEN: Final = "pki_certificates needs for each machine"
AUTHORITY: Final = "must be a PEM certificate of an authority"
KEY: Final = "pki_ca_key must be the key of pki_ca_certificate, to sign redis."
WRONG: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "capitals": ({"pki_certificates": [REDIS | {"name": "Redis/1"}]}, GIVEN),
    "twice": ({"pki_certificates": [REDIS, REDIS]}, GIVEN),
    "named-ca": ({"pki_certificates": [REDIS | {"name": "ca"}]}, GIVEN),
    "nameless": ({"pki_certificates": [REDIS | {"names": []}]}, GIVEN),
    "no-address": (
        {"pki_certificates": [REDIS | {"names": ["999.0.0.1", "::1%lo"]}]},
        "no address: 999.0.0.1, ::1%lo.",
    ),
    "port": ({"pki_certificates": [REDIS | {"names": ["redis:6379"]}]}, "no address: redis:6379."),
    "reader-of-nothing": ({"pki_certificates": [{"name": "payops"}]}, GIVEN),
    "reader-with-key": ({"pki_certificates": [{"name": "payops", "owner": "root", "apply": ["true"]}]}, GIVEN),
    "keyless": ({"pki_certificates": [REDIS | {"certificate": "/a.pem"}]}, GIVEN),
    "relative": ({"pki_folder": "certificates"}, GIVEN),
    "days": ({"pki_renew_days": 90}, "pki_renew_days (90) must be more than 0 and less than pki_valid_days (90)."),
    "no-ca": ({"pki_ca_certificate": ""}, AUTHORITY),
    "broken-ca": ({"pki_ca_certificate": ONE.certificate.replace("M", "A")}, AUTHORITY),
    "leaf-as-ca": ({"pki_ca_certificate": NO_AUTHORITY.certificate, "pki_ca_key": NO_AUTHORITY.key}, AUTHORITY),
    "path-as-ca": ({"pki_other_ca_certificates": ["/etc/ssl/other.pem"]}, AUTHORITY),
    "no-key": ({"pki_ca_key": ""}, KEY),
    "key-of-another": ({"pki_ca_key": ANOTHER.key}, KEY),
    "misspelt": ({"pki_certificates": [REDIS | {"user": "redis"}]}, "user"),
}

CLIENT: Final = ONE.leaf(["localhost"], 60, usage=FOR_CLIENTS)
LOCAL: Final = ONE.leaf(["localhost"], 60)
WRONG_FILES: Final[dict[str, tuple[Leaf, str]]] = {
    "nowhere": (LOCAL, "nowhere.key on the controller"),
    "stranger": (ANOTHER.leaf(["localhost"], 60), "signed by an authority of"),
    "expired": (ONE.leaf(["localhost"], -1), "certificate has expired"),
    "wrong-name": (ONE.leaf(["elsewhere"], 60), "for localhost"),
    "wrong-key": (Leaf(LOCAL.certificate, ANOTHER.key), "the key, without a password, must be its own"),
    "no-pkcs8": (Leaf(LOCAL.certificate, sec1(LOCAL.key)), "the key must be PKCS #8"),
    "of-clients": (ONE.leaf(["localhost"], 60, usage=FOR_CLIENTS), "certificate purpose"),
    "of-servers": (ONE.leaf(["localhost"], 60, usage=FOR_SERVERS), "certificate purpose"),
    "no-pem": (Leaf("a certificate", LOCAL.key), "must be PEM"),
    "no-text": (Leaf("", LOCAL.key), "must be PEM"),
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> tuple[Machines, Run]:
    """One run over machines that each have other wrong variables, or wrong files of their own; three are right."""
    folder = tmp_path_factory.mktemp("refused")
    machines = Machines(folder, names=(*WRONG, *WRONG_FILES, "right", "own", "client"))
    right = {"pki_ca_certificate": ONE.certificate, "pki_ca_key": ONE.key, "pki_certificates": [REDIS]}
    for name in machines.names:
        machines.of_one[name] = dict(right)
    for name, (variables, _) in WRONG.items():
        machines.of_one[name] |= variables
    for name, leaf in [("own", LOCAL), ("client", CLIENT), *((name, leaf) for name, (leaf, _) in WRONG_FILES.items())]:
        machines.of_one[name]["pki_certificates"] = [REDIS | leaf.written(folder, name)]
    for name in ("client", "of-servers"):
        machines.of_one[name]["pki_certificates"][0]["purpose"] = "client"
    machines.of_one["own"]["pki_ca_key"] = ""
    (folder / "nowhere.key").unlink()
    (folder / "no-text.certificate").write_bytes(b"\x30\x82\xff\xfe")
    return machines, machines.role()


@pytest.mark.parametrize("name", [*WRONG, *WRONG_FILES])
def test_wrong_variables_are_refused_in_plain_words(refused: tuple[Machines, Run], name: str) -> None:
    machines, run = refused
    said = run.of_machine(name)
    wanted = (WRONG.get(name) or WRONG_FILES[name])[1]
    assert wanted in said
    assert "Traceback" not in said
    assert not (machines.files(name) / "redis.pem").exists()
    assert not (machines.files(name) / "redis.key").exists()


def test_a_machine_that_is_right_is_made_beside_them(refused: tuple[Machines, Run]) -> None:
    machines, run = refused
    assert (machines.files("right") / "redis.pem").exists(), run.text


def test_your_own_certificates_need_no_key_of_the_authority(refused: tuple[Machines, Run]) -> None:
    files = refused[0].files("own")
    assert [(files / name).read_text() for name in ("redis.pem", "redis.key")] == [LOCAL.certificate, LOCAL.key]
    assert (files / "redis.key").stat().st_mode & 0o777 == 0o400


def test_a_certificate_for_clients_alone_is_for_a_client(refused: tuple[Machines, Run]) -> None:
    assert (refused[0].files("client") / "redis.pem").read_text() == CLIENT.certificate


def test_no_key_is_in_what_ansible_says_of_wrong_variables(refused: tuple[Machines, Run]) -> None:
    _, run = refused
    assert not [key for key in (ONE.key, ANOTHER.key, LOCAL.key) if key.splitlines()[1] in run.text]
