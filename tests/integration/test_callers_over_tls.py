"""Scripts, k6 and its audit at an https address: a CA that is named counts alone, and may be named in two ways."""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from load.api import Api
from load.errors import NoAnswer
from stack.certificates import Authority
from tests.integration.test_pipeline_stages import ROOT, UP, health, stage
from tests.integration.test_pipeline_targets import Tree
from tests.integration.test_stage_keys import API_KEY, OPERATOR_KEY, needing_keys
from tests.serving import Answer, Request, Server, serving

UNVERIFIED = "self-signed certificate in certificate chain"


@dataclass(frozen=True)
class Platform:
    """An API over TLS, which needs keys; the file of its CA, and that of another."""

    server: Server
    ca: str
    other: str


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    (tmp_path / "other").mkdir()
    authority, other = Authority(tmp_path), Authority(tmp_path / "other")
    others = needing_keys()

    def answer(request: Request, url: str) -> Answer:
        return Answer(200, {**UP, "auth": "required"}) if request.path == "/health" else others(request, url)

    with serving(answer, leaf=authority.leaf()) as server:
        yield Platform(server, str(authority.file), str(other.file))


def test_a_stage_waits_for_health_by_the_ca_that_it_is_given(platform: Platform) -> None:
    url = ("--seconds", "1", "--base-url", platform.server.url)
    for options, variables in ((("--ca", platform.ca), {}), ((), {"PAYOPS_CA": platform.ca})):
        waited = stage("wait-for-health.sh", *url, *options, **variables)
        assert (waited.returncode, waited.stdout) == (0, "UP\n"), waited


@pytest.mark.parametrize("ca", ["", "other"])
def test_an_unknown_server_is_not_asked(platform: Platform, ca: str) -> None:
    given = {"PAYOPS_CA": platform.other if ca else ""}
    waited = stage("wait-for-health.sh", "--seconds", "1", "--base-url", platform.server.url, **given)
    assert waited.returncode == 1
    assert UNVERIFIED in waited.stderr
    assert platform.server.requests == []


def test_a_ca_that_is_named_counts_alone(platform: Platform) -> None:
    """curl has a file of the system's CAs and a folder; neither counts beside the one that is named."""
    counted = subprocess.run(
        ["bash", "-c", '. scripts/lib-ca.sh; trust; curl --verbose "${trusted[@]}" "$1"', "-", platform.server.url],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PAYOPS_CA": platform.ca},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    ).stderr
    assert f"CAfile: {platform.ca}" in counted
    assert "CApath: /nonexistent" in counted


@pytest.mark.parametrize("script", ["wait-for-health.sh", "smoke-test.sh", "load-test.sh"])
def test_a_file_that_cannot_be_read_is_one_sentence(platform: Platform, script: str) -> None:
    done = stage(script, "--base-url", platform.server.url, "--ca", "/nowhere/ca.pem")
    assert done.returncode == 2
    assert done.stderr == "The file of CAs, PAYOPS_CA=/nowhere/ca.pem, cannot be read.\n"
    assert platform.server.requests == []


def test_a_payment_is_followed_over_tls(platform: Platform) -> None:
    options = ("--base-url", platform.server.url, "--ca", platform.ca)
    done = stage("smoke-test.sh", *options, API_KEY=API_KEY, OPERATOR_KEY=OPERATOR_KEY, ADMIN_TOKEN="")
    assert done.returncode == 0, done
    assert "drill smoke-test.sh: all true" in done.stdout


def load_test(platform: Platform, ca: str, reports: Path) -> subprocess.CompletedProcess[str]:
    given = {"REPORTS": str(reports), "RATE": "2", "DURATION": "1s", "API_KEY": API_KEY, "PAYOPS_CA": ca}
    return stage("load-test.sh", "--base-url", platform.server.url, **given)


def test_k6_trusts_the_ca_and_no_other(platform: Platform, tmp_path: Path) -> None:
    refused = load_test(platform, platform.other, tmp_path)
    assert refused.returncode not in (0, 99)
    assert "certificate signed by unknown authority" in refused.stdout + refused.stderr
    assert platform.server.requests == []
    load_test(platform, platform.ca, tmp_path)
    assert {request.headers["authorization"] for request in platform.server.writes()} == {f"Bearer {API_KEY}"}


def test_the_audit_of_a_load_trusts_the_ca_and_no_other(platform: Platform) -> None:
    url = platform.server.url
    assert Api(url, "", ca=platform.ca).needs_keys() is True
    for ca in (None, platform.other):
        with pytest.raises(NoAnswer, match=UNVERIFIED):
            Api(url, "", ca=ca).merchant_of(API_KEY)


UP_SAYS_CURL = 'echo \'{"status": "UP", "components": {}}\'\n'
PEM = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----"


def machines(tree: Tree, authorities: list[str], address: str) -> Mapping[str, str]:
    """The environment of a stage for machines, with an Ansible that knows an application at `address`."""
    encoded = " ".join(base64.b64encode(text.encode()).decode() for text in authorities)
    answer = json.dumps({"changed": False, "msg": [address, OPERATOR_KEY, API_KEY, encoded]})
    tree.program(".venv/bin/ansible", f"cat <<'END'\napp | SUCCESS => {answer}\nEND\n")
    return {"TARGET": "inventory", "PAYOPS_INVENTORY": str(tree.write("hosts.yml", "all: {}\n", 0o600))}


def tree_in(folder: Path) -> Tree:
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    (folder / "ansible").mkdir()
    return Tree(folder)


def test_a_stage_for_machines_trusts_the_cas_of_their_inventory(tmp_path: Path) -> None:
    """Both of them while the authority is changed; the stage asks port 443 of the application."""
    tree = tree_in(tmp_path / "tree")
    given = machines(tree, [PEM.format("old") + "\n", PEM.format("new")], "127.0.0.1")
    tree.program("bin/curl", UP_SAYS_CURL)
    done = tree.run("wait-for-health.sh", **given)
    assert (done.returncode, done.stdout) == (0, "UP\n"), done
    file = tree.folder / ".secrets/payops-ca.pem"
    assert file.read_text().split() == "\n".join([PEM.format("old"), PEM.format("new")]).split()
    (asked,) = [note for note in tree.notes() if note.startswith("curl")]
    assert f"--cacert {file} " in asked
    assert asked.endswith(" https://127.0.0.1/health")


def test_a_ca_that_is_given_is_not_replaced_by_that_of_the_inventory(tmp_path: Path) -> None:
    tree, mine = tree_in(tmp_path / "tree"), tmp_path / "mine.pem"
    mine.write_text(PEM.format("mine"))
    given = machines(tree, [PEM.format("theirs")], "127.0.0.1")
    tree.program("bin/curl", UP_SAYS_CURL)
    assert tree.run("wait-for-health.sh", PAYOPS_CA=str(mine), **given).returncode == 0
    assert any(f"--cacert {mine} " in note for note in tree.notes())
    assert not (tree.folder / ".secrets/payops-ca.pem").exists()


def test_plain_http_needs_no_ca() -> None:
    with serving(health(UP)) as server:
        assert stage("wait-for-health.sh", "--seconds", "9", "--base-url", server.url, PAYOPS_CA="").returncode == 0


def vault(folder: Path, **values: Any) -> Path:
    """A checkout with write-ca.sh and a vault; gives the file that is to be written."""
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts/write-ca.sh", folder / "scripts")
    (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
    tree = Tree(folder)
    tree.write("scripts/setup-env.sh", "#!/bin/sh\n")
    tree.write(".secrets/vault-password", "a password", 0o600)
    file = tree.write("ansible/group_vars/all/vault.yml", json.dumps(values), 0o600)
    encrypt = ["encrypt", "--vault-password-file", str(folder / ".secrets/vault-password"), str(file)]
    subprocess.run([str(ROOT / ".venv/bin/ansible-vault"), *encrypt], check=True, capture_output=True, timeout=60)
    return folder / ".vagrant/payops-ca.pem"


def write_ca(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(folder / "scripts/write-ca.sh")], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.skipif(not (ROOT / ".venv/bin/ansible-vault").exists(), reason="Ansible comes with the group vms")
def test_vagrant_gets_the_certificates_of_the_vault_and_no_key(tmp_path: Path) -> None:
    values = {"vault_pki_ca_certificate": PEM.format("old"), "vault_pki_ca_key": "a key"}
    file = vault(tmp_path / "one", **values, vault_pki_other_ca_certificate=PEM.format("new") + "\n")
    assert write_ca(tmp_path / "one").stdout == "The CA of the machines is in .vagrant/payops-ca.pem.\n"
    assert file.read_text() == f"{PEM.format('old')}\n{PEM.format('new')}\n"
    assert write_ca(tmp_path / "one").stdout == ""
    file = vault(tmp_path / "older", vault_redis_app_password="secret")
    done = write_ca(tmp_path / "older")
    assert (done.returncode, "scripts/make-secrets.sh adds one" in done.stderr) == (1, True), done
    assert not list(file.parent.glob("*"))
