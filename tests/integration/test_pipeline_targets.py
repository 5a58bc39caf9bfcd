"""The stages for machines and for the shop, with an Ansible and an npm that only record their calls."""

import os
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VERSION = "1.2.3"
NOTES = 'echo "$(basename "$0") $*" >>"$NOTES"\n'


@dataclass
class Tree:
    """A folder with our scripts and fake programs."""

    folder: Path

    def write(self, path: str, text: str, mode: int = 0o755) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return file

    def program(self, path: str, body: str = "") -> None:
        self.write(path, f"#!/bin/sh\n{NOTES}{body}")

    def run(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        given = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "NOTES": str(self.folder / "notes"),
            **variables,
        }
        command = [str(self.folder / "scripts" / script)]
        return subprocess.run(command, env=given, capture_output=True, text=True, check=False, timeout=180)

    def notes(self) -> list[str]:
        file = self.folder / "notes"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    made = Tree(tmp_path)
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    made.program("scripts/setup-env.sh")
    made.program("scripts/build-release.sh", f"mkdir -p dist && echo {VERSION} >dist/VERSION\n")
    made.program(".venv/bin/ansible-playbook")
    (tmp_path / "ansible/group_vars/all").mkdir(parents=True)
    return made


@pytest.fixture
def machines(tree: Tree) -> dict[str, str]:
    """The environment of a stage that goes to machines."""
    inventory = tree.write("hosts.yml", "all: {}\n", 0o600)
    vault = tree.write("of-jenkins/vault", "$ANSIBLE_VAULT;1.1;AES256\n", 0o644)
    return {"TARGET": "inventory", "PAYOPS_INVENTORY": str(inventory), "PAYOPS_VAULT": str(vault)}


def test_bringing_machines_up_deploys_the_wheel_of_this_tree(tree: Tree, machines: dict[str, str]) -> None:
    done = tree.run("bring-up.sh", **machines)
    assert (done.returncode, done.stderr) == (0, "")
    assert tree.notes() == [
        "build-release.sh ",
        "setup-env.sh vms",
        f"ansible-playbook -i {machines['PAYOPS_INVENTORY']} deploy.yml -e payops_release={VERSION}",
    ]
    vault = tree.folder / "ansible/group_vars/all/vault.yml"
    assert vault.read_text() == "$ANSIBLE_VAULT;1.1;AES256\n"
    assert stat.S_IMODE(vault.stat().st_mode) == 0o600


def test_a_deployment_that_fails_fails_the_stage(tree: Tree, machines: dict[str, str]) -> None:
    tree.program(".venv/bin/ansible-playbook", "exit 2\n")
    assert tree.run("bring-up.sh", **machines).returncode == 2


def test_machines_that_are_not_there(tree: Tree) -> None:
    done = tree.run("bring-up.sh", TARGET="vagrant")
    assert (done.returncode, "There are no machines: .vagrant/" in done.stderr) == (1, True)
    assert tree.notes() == ["build-release.sh "]


def test_machines_are_never_stopped(tree: Tree, machines: dict[str, str]) -> None:
    done = tree.run("clean-up.sh", **machines)
    assert (done.returncode, done.stdout) == (0, "TARGET=inventory: the machines stay as they are.\n")
    assert tree.notes() == []


def test_logs_of_machines_are_their_support_bundles(tree: Tree, machines: dict[str, str]) -> None:
    assert tree.run("collect-logs.sh", **machines).returncode == 0
    folder = tree.folder / "build/pipeline/logs"
    assert tree.notes()[-1].endswith(f"support-bundle.yml -e support_folder={folder}")
    assert folder.is_dir()


@pytest.mark.parametrize("code", [0, 1])
def test_the_shop_is_built_as_for_make_run(tree: Tree, code: int) -> None:
    tree.program(".venv/bin/python", f"exit {code}\n")
    done = tree.run("build-shop.sh")
    assert done.returncode == code
    assert tree.notes() == ["setup-env.sh run", "python -m stack.shop"]
    assert ("The shop is in frontend/dist." in done.stdout) is (code == 0)


def test_a_vault_that_is_none_is_not_put_in_the_place_of_ours(tree: Tree, machines: dict[str, str]) -> None:
    """A Jenkins without deployment secrets has "not given" as its credentials."""
    ours = tree.write("ansible/group_vars/all/vault.yml", "$ANSIBLE_VAULT;1.1;AES256\n", 0o600)
    Path(machines["PAYOPS_VAULT"]).write_text("not given")
    done = tree.run("bring-up.sh", **machines)
    assert (done.returncode, "The credential ansible-vault is not an encrypted vault" in done.stderr) == (1, True)
    assert ours.read_text() == "$ANSIBLE_VAULT;1.1;AES256\n"
    assert not any(note.startswith("ansible-playbook") for note in tree.notes())
