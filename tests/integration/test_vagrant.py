"""The lists of machines: Vagrant accepts them for each provider, and a broken one is refused in a sentence."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = {path.stem: path for path in (ROOT / "vagrant/environments").glob("*.yml")}
MEMORY_LIMIT = {"full": 6144, "single": 3072}
"""MB, of all machines together: what a laptop of 16 GB can spare, and one of 8 GB."""
Vagrant = Callable[..., subprocess.CompletedProcess[str]]


def nodes(name: str) -> list[dict[str, Any]]:
    return yaml.safe_load(ENVIRONMENTS[name].read_text(encoding="utf-8"))["nodes"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the Vagrantfile and its files, so that nothing is written here."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    shutil.copy(ROOT / "Vagrantfile", folder)
    shutil.copytree(ROOT / "vagrant", folder / "vagrant")
    (folder / "ansible").mkdir()
    for name in ("ansible.cfg", "site.yml"):
        shutil.copy(ROOT / "ansible" / name, folder / "ansible")
    return folder


@pytest.fixture
def vagrant(checkout: Path, tmp_path: Path) -> Vagrant:
    """arguments → the finished `vagrant …`. VirtualBox only tells its version here: it is not asked for more."""
    stub = tmp_path / "bin/VBoxManage"
    stub.parent.mkdir()
    stub.write_text("#!/bin/sh\necho 7.0.20r163906\n", encoding="utf-8")
    stub.chmod(0o755)

    def run(*arguments: str, environment: str, provider: str) -> subprocess.CompletedProcess[str]:
        settings = {
            **os.environ,
            "PATH": f"{stub.parent}{os.pathsep}{os.environ['PATH']}",
            "VAGRANT_HOME": str(tmp_path / "home"),
            "VAGRANT_CHECKPOINT_DISABLE": "1",
            "VAGRANT_DEFAULT_PROVIDER": provider,
            "PAYOPS_ENV": environment,
        }
        return subprocess.run(
            ["vagrant", *arguments],
            cwd=checkout,
            env=settings,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


@pytest.mark.parametrize("provider", ["virtualbox", "libvirt"])
@pytest.mark.parametrize("environment", sorted(ENVIRONMENTS))
def test_vagrant_takes_it(vagrant: Vagrant, environment: str, provider: str) -> None:
    validated = vagrant("validate", environment=environment, provider=provider)
    assert validated.returncode == 0, validated.stdout + validated.stderr
    status = vagrant("status", "--machine-readable", environment=environment, provider=provider).stdout
    names = {line.split(",")[1] for line in status.splitlines() if f",provider-name,{provider}" in line}
    assert names == {node["name"] for node in nodes(environment)}, status


def test_looking_writes_nothing_that_ansible_reads(vagrant: Vagrant, checkout: Path) -> None:
    assert vagrant("status", environment="single", provider="virtualbox").returncode == 0
    assert not list(checkout.glob(".vagrant/**/*inventory*"))


@pytest.mark.parametrize("environment", sorted(ENVIRONMENTS))
def test_it_fits(environment: str) -> None:
    assert sum(node["memory"] for node in nodes(environment)) <= MEMORY_LIMIT[environment]


def test_every_group_has_its_machine() -> None:
    groups = {"database", "cache", "broker", "acquirer", "application", "observability", "build"}
    assert {group for node in nodes("full") for group in node["groups"]} == groups
    assert {group for node in nodes("single") for group in node["groups"]} == groups - {"build"}


ONE = {"name": "a", "address": "192.168.56.20", "memory": 1024, "cpus": 1, "groups": ["database"]}


def changed(**values: object) -> str:
    return json.dumps({"nodes": [{**ONE, **values}]})


BROKEN = [
    ("", 'expected a list of machines under the one key "nodes"'),
    ("nodes: []", 'expected a list of machines under the one key "nodes"'),
    ("nodes: [", "not YAML"),
    ("nodes: [1]", "machine 1 is not a mapping of name, address, memory, cpus, groups"),
    (json.dumps({"nodes": [{"name": "a"}]}), "machine 1 (a) lacks address, memory, cpus, groups"),
    (changed(disk=1), "machine 1 (a) has the unknown key disk"),
    (changed(name="A b"), "the name must be up to 12 of a-z, 0-9 and -"),
    (changed(name="cache"), "cache is the name of a group; Ansible wants another"),
    (changed(address="10.0.0.1"), '"10.0.0.1" is not a free address of 192.168.56.0/24'),
    (changed(address="192.168.56.1"), '"192.168.56.1" is not a free address'),
    (changed(address=7), "7 is not a free address"),
    (changed(memory="1 GB"), "memory must be a number of MB, at least 512"),
    (changed(memory=100), "memory must be a number of MB, at least 512"),
    (changed(cpus=0), "cpus must be a number, at least 1"),
    (changed(groups=[]), "groups must be a list with at least one of"),
    (changed(groups=["web"]), "unknown group web; there are database, cache"),
    (json.dumps({"nodes": [ONE, {**ONE, "name": "b"}]}), "more than one machine has the address 192.168.56.20"),
    (json.dumps({"nodes": [ONE, {**ONE, "address": "192.168.56.21"}]}), "more than one machine has the name a"),
]


@pytest.mark.parametrize(("text", "sentence"), BROKEN)
def test_a_broken_file_gets_one_sentence(checkout: Path, text: str, sentence: str) -> None:
    (checkout / "vagrant/environments/broken.yml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["ruby", "vagrant/environment.rb", "broken"],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("vagrant/environments/broken.yml: ")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_vagrant_says_it_too_and_nothing_more(vagrant: Vagrant, checkout: Path) -> None:
    (checkout / "vagrant/environments/broken.yml").write_text(changed(memory=1), encoding="utf-8")
    done = vagrant("validate", environment="broken", provider="virtualbox")
    assert done.returncode != 0
    assert done.stderr.strip() == (
        "vagrant/environments/broken.yml: machine 1 (a): memory must be a number of MB, at least 512."
    )


def test_an_unknown_environment_names_the_known(vagrant: Vagrant) -> None:
    done = vagrant("validate", environment="huge", provider="virtualbox")
    assert done.stderr.strip() == 'There is no environment "huge"; PAYOPS_ENV may be full, single.'


def test_the_end_of_vagrant_up_says_where_everything_is_over_tls() -> None:
    script = "puts Payops.welcome(Payops::Environment.load('full'))"
    files = ["-r./vagrant/environment", "-r./vagrant/welcome"]
    done = subprocess.run(["ruby", *files, "-e", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "https://192.168.56.15/grafana/" in done.stdout
    assert ".vagrant/payops-ca.pem" in done.stdout
    assert "http:" not in done.stdout
