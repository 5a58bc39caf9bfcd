"""The inventory: machines, groups, addresses; also the list of open ports, and the secrets."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
ANSIBLE: Final = ROOT / "ansible"
BIN: Final = ROOT / ".venv/bin"
DEFAULT: Final = ROOT / ".vagrant/provisioners/ansible/inventory/vagrant_ansible_inventory"
GROUPS: Final = ("database", "cache", "broker", "acquirer", "application", "observability", "build")


def path() -> Path:
    """The inventory file: PAYOPS_INVENTORY, else the one that `vagrant up` wrote."""
    return Path(os.environ.get("PAYOPS_INVENTORY") or DEFAULT).resolve()


def _ansible(*command: str) -> str:
    program, *arguments = command
    done = subprocess.run(
        [str(BIN / program), *arguments], cwd=ANSIBLE, stdout=subprocess.PIPE, text=True, check=True, timeout=60
    )
    return done.stdout


@cache
def _listed() -> dict[str, Any]:
    return dict(json.loads(_ansible("ansible-inventory", "-i", str(path()), "--list")))


def names() -> list[str]:
    """Every machine."""
    return sorted(_listed()["_meta"]["hostvars"]) if path().exists() else []


def members(group: str) -> list[str]:
    """The machines of a group, or of `all`."""
    return names() if group == "all" else list(_listed().get(group, {}).get("hosts", []))


def variables(name: str) -> dict[str, Any]:
    """The variables of one machine."""
    return dict(_listed()["_meta"]["hostvars"][name])


def address(name: str) -> str:
    """Its address for other machines."""
    return str(variables(name)["node_address"])


def first_address(group: str) -> str:
    """The address of a group's first machine."""
    return address(members(group)[0])


def gate(group: str) -> str:
    """The URL of the gate on a group's first machine, without a slash at its end."""
    return f"https://{first_address(group)}"


def authority() -> str:
    """The file of the CAs that clients trust: PAYOPS_CA, else the one that `vagrant up` wrote."""
    file = Path(os.environ.get("PAYOPS_CA") or ROOT / ".vagrant/payops-ca.pem")
    assert file.is_file(), f"{file} is missing; `vagrant up` writes it, or set PAYOPS_CA"
    return str(file)


@cache
def secrets() -> dict[str, str]:
    """The vault, opened."""
    text = _ansible("ansible-vault", "view", str(ANSIBLE / "group_vars/all/vault.yml"))
    return dict(yaml.safe_load(text))


def secret_texts(value: object) -> list[str]:
    """What of one value of the vault must be nowhere else: each of several keys, a pepper without its number.

    Of a key in PEM its lines; nothing of a certificate, which everybody may see.
    """
    text = str(value)
    if text.startswith("-----BEGIN CERTIFICATE"):
        return []
    if text.startswith("-----BEGIN"):
        return [line for line in text.splitlines() if not line.startswith("-----")]
    return [part.partition(":")[2] or part for part in text.split()]


@cache
def firewall() -> tuple[dict[str, Any], ...]:
    """The list of open ports of role base."""
    text = (ANSIBLE / "group_vars/all/firewall.yml").read_text(encoding="utf-8")
    return tuple(yaml.safe_load(text)["base_firewall_rules"])


def may_connect(source: str | None, target: str, port: int) -> bool:
    """Whether the list lets `source` (None: the management network) reach a port of `target`."""
    for rule in firewall():
        on_target = rule["hosts"] == "all" or target in members(rule["hosts"])
        if not on_target or port not in rule["ports"]:
            continue
        for origin in rule["from"]:
            if origin == "anywhere" or (origin == "management" and source is None):
                return True
            if source is not None and origin in GROUPS and source in members(origin):
                return True
    return False
