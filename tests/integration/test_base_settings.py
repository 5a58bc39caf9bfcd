"""Role base applies a changed file once, also when the run that changed it was interrupted before that."""

import json
from pathlib import Path
from typing import Final

import pytest

from tests.integration.pki.playbooks import ANSIBLE, Machines

ROLE: Final = ANSIBLE / "roles/base"


class Settings:
    """A file, and how often the system read it."""

    def __init__(self, folder: Path) -> None:
        """Write a playbook with a role base that has this file alone."""
        self.file, self.read = folder / "rules", folder / "read"
        self._machines, self._playbook = Machines(folder), folder / "play.yml"
        tasks = folder / "roles/base/tasks"
        tasks.mkdir(parents=True)
        (tasks / "apply.yml").write_text((ROLE / "tasks/apply.yml").read_text())
        command = ["sh", "-c", f"cat {self.file} >>{self.read}"]
        item = {"name": "rules", "file": str(self.file), "command": command}
        include = {"ansible.builtin.include_tasks": "apply.yml", "vars": {"_base_settings": item}}
        (tasks / "main.yml").write_text(json.dumps([include]))
        play = {"hosts": "all", "gather_facts": False, "roles": [{"role": "base", "tags": ["base"]}]}
        self._playbook.write_text(json.dumps([play]))
        self._applied = str(folder / "applied")

    def converge(self, *options: str) -> int:
        """Use the role → how many tasks changed something."""
        done = self._machines.playbook(self._playbook, *options, _base_applied_folder=self._applied)
        assert done.code == 0, done.text
        return done.changed


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path)


def test_a_file_is_applied_once(settings: Settings) -> None:
    settings.file.write_text("1\n")
    assert settings.converge("--tags", "base") > 0
    assert [settings.converge(), settings.converge("--check")] == [0, 0]
    assert settings.read.read_text() == "1\n"


def test_a_file_that_an_earlier_run_did_not_apply_is_applied(settings: Settings) -> None:
    settings.file.write_text("1\n")
    settings.converge()
    settings.file.write_text("2\n")
    assert settings.converge("--check") == 0
    assert settings.converge() > 0
    assert settings.converge() == 0
    assert settings.read.read_text() == "1\n2\n"


def test_nothing_of_the_role_waits_for_the_end_of_the_play() -> None:
    assert [file.name for file in ROLE.glob("tasks/*.yml") if "notify:" in file.read_text(encoding="utf-8")] == []
