"""site.yml takes nothing away from the application before each of its machines has its new logins: roles are stubs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.repo.roles import ANSIBLE, read

RETIRED: Final = {"mariadb on database", "kafka on broker"}
UNREACHABLE: Final = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
FAILS: Final = {"payops_fails": True}
WELL: Final[dict[str, Any]] = {}
REMOVE: Final = """\
- name: Remove what the application used
  ansible.builtin.file: {path: "{{ playbook_dir }}/MODULE on {{ inventory_hostname }}", state: touch, mode: "0644"}
"""
FAIL: Final = """\
- name: Check the application
  ansible.builtin.assert: {that: not (payops_fails | default(false))}
"""


class Site:
    """A copy of site.yml; its roles do nothing, but for that of the application, and what removes former logins."""

    def __init__(self, folder: Path) -> None:
        """Write it all."""
        self.folder = folder
        plays = read(ANSIBLE / "site.yml")
        (folder / "site.yml").write_text(yaml.safe_dump([play | {"gather_facts": False} for play in plays]))
        for role in {role["role"] for play in plays for role in play.get("roles", [])}:
            (folder / "roles" / role / "tasks").mkdir(parents=True)
        (folder / "roles/base/tasks/main.yml").write_text("- name: Connect\n  ansible.builtin.ping:\n")
        (folder / "roles/payops/tasks/main.yml").write_text(FAIL)
        for role in ("mariadb", "kafka"):
            (folder / f"roles/{role}/tasks/retire.yml").write_text(REMOVE.replace("MODULE", role))

    def run(self, second: dict[str, Any], *options: str) -> tuple[bool, set[str]]:
        """Run it with these variables of the application's second machine → whether it ended well, what is removed."""
        groups = {"database": ["database"], "broker": ["broker"], "application": ["app1", "app2"]}
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        hosts = {name: local for names in groups.values() for name in names} | {"app2": local | second}
        children = {group: {"hosts": {name: hosts[name] for name in names}} for group, names in groups.items()}
        (self.folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": children}}))
        given = {"ansible_become": False, "mariadb_exporter_password": "", "redis_exporter_password": ""}
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        done = subprocess.run(
            [program, "-i", "hosts.yml", "-e", json.dumps(given), *options, "site.yml"],
            cwd=self.folder,
            env=os.environ | {"LC_ALL": "C.UTF-8", "ANSIBLE_SSH_RETRIES": "0"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode == 0, {file.name for file in self.folder.glob("* on *")}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.mark.parametrize("options", [(), ("--tags", "retire")])
def test_former_logins_are_removed_at_the_end(site: Site, options: tuple[str, ...]) -> None:
    assert site.run(WELL, *options) == (True, RETIRED)


@pytest.mark.parametrize("second", [FAILS, UNREACHABLE], ids=["fails", "cannot be reached"])
def test_they_stay_when_a_machine_of_the_application(site: Site, second: dict[str, Any]) -> None:
    assert site.run(second) == (False, set())


@pytest.mark.parametrize("limit", ["database,broker", "all,!app2"])
def test_they_stay_when_a_machine_of_the_application_is_left_out(site: Site, limit: str) -> None:
    assert site.run(WELL, "--limit", limit) == (True, set())
