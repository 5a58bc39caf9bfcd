"""Runs playbooks with role pki on this machine: each "machine" is a folder of its own."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.repo.sources import ROOT

ROLE: Final = "- hosts: all\n  gather_subset: ['!all', '!min', python]\n  roles: [pki]\n"
OF_DEBIAN: Final = "/usr/bin/python3"
"""The interpreter that machines have, with an older `cryptography`."""
ANSIBLE: Final = ROOT / "ansible"
_SECONDS: Final = 400
_SETTINGS: Final = "[defaults]\nforce_handlers = true\npipelining = true\n"


@dataclass(frozen=True)
class Run:
    """What a playbook did."""

    code: int
    text: str

    @property
    def changed(self) -> int:
        """Tasks that changed something, on all machines."""
        return sum(int(number) for number in re.findall(r"changed=(\d+)", self.text))

    def changes_of(self, name: str) -> int:
        """Tasks that changed something on one machine."""
        found = re.search(rf"(?m)^{name} +: .*changed=(\d+)", self.text)
        assert found, self.text
        return int(found[1])

    def of_machine(self, name: str) -> str:
        """What Ansible said of one machine that failed, with single spaces."""
        return " ".join(self.text.partition(f"fatal: [{name}]")[2].partition("fatal: [")[0].split())


@dataclass
class Machines:
    """Machines that are folders: /etc/payops-pki of machine NAME is `folder`/NAME. It is alone in group of_NAME."""

    folder: Path
    names: tuple[str, ...] = ("one",)
    variables: dict[str, Any] = field(default_factory=dict)
    of_one: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Variables of one machine."""
    user: str = ""
    """The user of the role on the machine, by sudo; empty: the one who runs the test."""
    python: str = sys.executable
    plain: bool = False
    """By Ansible alone; else by mitogen, which takes a third of the time."""

    def files(self, name: str = "one") -> Path:
        """The machine's folder of certificates."""
        return self.folder / name

    def metrics(self, name: str = "one") -> Path:
        """The machine's folder of text files for the node exporter."""
        return self.folder / f"{name}-metrics"

    def role(self, *options: str, **variables: Any) -> Run:
        """Use the role."""
        playbook = self.folder / "role.yml"
        playbook.write_text(ROLE + (f"  become: true\n  become_user: {self.user}\n" if self.user else ""))
        return self.playbook(playbook, *options, **variables)

    def rotate(self, *options: str, **variables: Any) -> Run:
        """Run rotate-certificates.yml, a copy: beside the original are group_vars, perhaps with somebody's vault."""
        copy = shutil.copy(ANSIBLE / "rotate-certificates.yml", self.folder)
        return self.playbook(Path(copy), *options, **variables)

    def playbook(self, path: Path, *options: str, **variables: Any) -> Run:
        """Run a playbook; `variables` win over those of the machines."""
        self._write_inventory()
        given = self.folder / "given.json"
        given.write_text(json.dumps(self.variables | variables | ({} if self.user else {"ansible_become": False})))
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        command = [program, "-i", str(self.folder / "hosts.yml"), "-e", f"@{given}", *options, str(path)]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "ANSIBLE_ROLES_PATH": str(ANSIBLE / "roles"),
            "ANSIBLE_INJECT_FACT_VARS": "false",
        } | ({} if self.plain else _mitogen())
        done = subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
        return Run(done.returncode, done.stdout + done.stderr)

    def _write_inventory(self) -> None:
        (self.folder / "ansible.cfg").write_text(_SETTINGS)
        hosts: dict[str, Any] = {}
        for name in self.names:
            self.metrics(name).mkdir(exist_ok=True)
            hosts[name] = {
                "ansible_connection": "local",
                "ansible_python_interpreter": self.python,
                "pki_folder": str(self.files(name)),
                "pki_textfile_directory": str(self.metrics(name)),
            } | self.of_one.get(name, {})
        groups: dict[str, Any] = {"of_" + name.replace("-", "_"): {"hosts": {name: {}}} for name in self.names}
        (self.folder / "hosts.yml").write_text(json.dumps({"all": {"hosts": hosts, "children": groups}}))


def debian_reads_certificates() -> bool:
    """Whether Debian's interpreter has what the role would install, python3-cryptography."""
    command = [OF_DEBIAN, "-c", "import cryptography"]
    return Path(OF_DEBIAN).exists() and subprocess.run(command, capture_output=True, check=False).returncode == 0


def _mitogen() -> dict[str, str]:
    """What makes Ansible use mitogen (ADR 23)."""
    found = importlib.util.find_spec("ansible_mitogen")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "plugins/strategy"
    return {"ANSIBLE_STRATEGY_PLUGINS": str(folder), "ANSIBLE_STRATEGY": "mitogen_linear"}
