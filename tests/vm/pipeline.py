"""The stages of jenkins/Jenkinsfile with TARGET=inventory: its own commands, with the files of Jenkins' machine.

Not Jenkins: the commands run here, on the controller.
"""

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.vm.machines import ROOT, Machines, run

STAGE_SECONDS: Final = 600
CREDENTIALS: Final = {
    "PAYOPS_VAULT": "ANSIBLE_VAULT",
    "ANSIBLE_VAULT_PASSWORD_FILE": "ANSIBLE_VAULT_PASSWORD",
    "ANSIBLE_PRIVATE_KEY_FILE": "ANSIBLE_SSH_KEY",
}
"""Variable of a build → secret file of Jenkins."""
KEYS: Final = {"OPERATOR_KEY": "PAYOPS_OPERATOR_KEY", "API_KEY": "PAYOPS_MERCHANT_KEY"}
KEYS_FILE: Final = "PAYOPS_MERCHANT_KEYS"
"""The same for the stages that try the platform: keys, and a file of keys."""
_STAGE = re.compile(r"^    stage\('([^']+)'\) \{$(.*?)^    \}$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(on|try)Target '([^']+)'")
_SSH = "-o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"


@dataclass(frozen=True)
class Pipeline:
    """The commands by their stages, and the environment that Jenkins gives them; some stages also get the keys."""

    commands: dict[str, tuple[str, bool]]
    environment: dict[str, str]
    keys: dict[str, str] = field(repr=False)

    def stage(self, name: str, **more: str) -> str:
        """What the stage's command says; AssertionError when it failed, or when Jenkins would have to mask a key."""
        text, tries = self.commands[name]
        given = self.environment | (self.keys if tries else {})
        said = run("sh", "-c", text, seconds=STAGE_SECONDS, folder=ROOT, **given, **more).well()
        assert not re.search(r"po_(live|test|oper)_\w{12}_\w{38}", said), "the console has a key"
        return said


def commands() -> dict[str, tuple[str, bool]]:
    """stage → (its command, whether it has keys), of the stages that go to the target."""
    text = (ROOT / "jenkins/Jenkinsfile").read_text(encoding="utf-8")
    found = {name: _COMMAND.search(body) for name, body in _STAGE.findall(text)}
    return {name: (command[2], command[1] == "try") for name, command in found.items() if command}


def of_jenkins(machines: Machines, folder: Path) -> Pipeline:
    """The pipeline as on Jenkins' machine: with its secret files, and only the key among them."""
    environment = {
        "TARGET": "inventory",
        "DRILL_PRESET": "vagrant",
        "PAYOPS_INVENTORY": str(_without_keys(machines.inventory, folder / "inventory")),
        "PAYOPS_STATE": "build/pipeline/state",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "ssh"),  # no session that another key has opened
    }
    for variable, name in CREDENTIALS.items():
        environment[variable] = _kept(machines, name, folder)
    keys = {variable: _held(machines, name).decode() for variable, name in KEYS.items()}
    return Pipeline(commands(), environment, keys | {"KEYS_FILE": _kept(machines, KEYS_FILE, folder)})


def _held(machines: Machines, name: str) -> bytes:
    """A secret file of Jenkins."""
    return base64.b64decode(machines.on("build", "base64", "--wrap=0", f"/etc/jenkins/secrets/{name}").well())


def _kept(machines: Machines, name: str, folder: Path) -> str:
    """The path of a copy."""
    file = folder / name
    file.touch(0o600)
    file.write_bytes(_held(machines, name))
    return str(file)


def _without_keys(inventory: Path, target: Path) -> Path:
    """A copy of Vagrant's inventory that names no ssh configuration, and so no key."""
    text, changed = re.subn(
        r"^ansible_ssh_common_args=.*$", f"ansible_ssh_common_args='{_SSH}'", inventory.read_text(), flags=re.MULTILINE
    )
    assert changed == 1, text
    target.write_text(text)
    return target
