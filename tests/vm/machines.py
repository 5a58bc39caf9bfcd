"""The machines from outside: their addresses, playbooks, and commands as root.

PAYOPS_INVENTORY names another inventory than Vagrant's.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
BIN: Final = ROOT / ".venv/bin"
VAGRANT_INVENTORY: Final = ROOT / ".vagrant/provisioners/ansible/inventory/vagrant_ansible_inventory"
VAGRANT_CA: Final = ROOT / ".vagrant/payops-ca.pem"
COMMAND_SECONDS: Final = 120
PLAYBOOK_SECONDS: Final = 300


@dataclass(frozen=True)
class Done:
    """A finished command: its exit code and output."""

    code: int
    said: str

    def well(self) -> str:
        """Its output; AssertionError when it failed."""
        assert self.code == 0, self.said
        return self.said


def run(*command: str, seconds: float = COMMAND_SECONDS, folder: Path = ROOT, **variables: str) -> Done:
    """Run a program of the environment or of the system, and wait for its end."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "ANSIBLE_NOCOLOR": "1", "VAGRANT_NO_COLOR": "1", **variables}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    return Done(done.returncode, done.stdout)


class Machines:
    """All machines of one inventory."""

    def __init__(self, inventory: Path) -> None:
        """Makes no request."""
        self.inventory = inventory.resolve()

    def _ansible(self, program: str, *arguments: str, seconds: float = COMMAND_SECONDS) -> Done:
        return run(program, "-i", str(self.inventory), *arguments, seconds=seconds, folder=ROOT / "ansible")

    @cached_property
    def _listed(self) -> dict[str, Any]:
        listed = self._ansible("ansible-inventory", "--list").well()
        return dict(json.loads(listed[listed.index("{") :]))

    def first(self, group: str) -> str:
        """The name of a group's first machine."""
        return str(self._listed[group]["hosts"][0])

    def address(self, group: str) -> str:
        """Its address."""
        return str(self._listed["_meta"]["hostvars"][self.first(group)]["node_address"])

    def variable(self, group: str, name: str) -> str:
        """A variable of it, also a secret one."""
        done = self._ansible(
            "ansible", f"{group}[0]", "--playbook-dir", ".", "-m", "ansible.builtin.debug", "-a", f"var={name}"
        ).well()
        return done[done.index(f"{name}:") + len(name) + 1 :].split("\n")[0].strip().strip("'\"")

    def playbook(self, name: str, seconds: float = PLAYBOOK_SECONDS, **variables: str) -> Done:
        """Run one playbook with extra variables."""
        return self._ansible("ansible-playbook", name, "-e", json.dumps(variables), seconds=seconds)

    def on(self, group: str, *command: str) -> Done:
        """Run a command as root on a group's first machine; its output is the last part of the result."""
        arguments = json.dumps({"argv": command})
        module = ("-m", "ansible.builtin.command", "-a", arguments)
        done = self._ansible("ansible", f"{group}[0]", "--become", "--playbook-dir", ".", *module)
        return Done(done.code, done.said.partition(">>\n")[2] or done.said)

    def sql(self, statement: str) -> str:
        """The result of a statement, run as root on the database's machine."""
        return self.on("database", "mariadb", "--batch", "--skip-column-names", "--execute", statement).well().strip()
