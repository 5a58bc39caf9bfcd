"""Role base: it refuses to lock out the account that runs it, and its files are good, also those of a real machine."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.repo.roles import ANSIBLE, read

ROLE: Final = ANSIBLE / "roles/base"
TEMPLATES: Final = ("sshd.conf", "sudoers", "sysctl.conf", "security-updates.conf", "nftables.conf")
FREE: Final = "becomes root without a password"
KIM: Final = {"name": "kim", "ssh_keys": ["ssh-ed25519 AAAA kim"]}
RULES: Final = [
    {"name": "ssh", "ports": [22], "hosts": "all", "from": ["anywhere"], "per_address": 9},
    {"name": "pages", "ports": [80, 443], "hosts": "all", "from": ["management"]},
    {"name": "nobody's", "ports": [9443], "hosts": "all", "from": ["observability"]},
]
HOSTS: Final[Mapping[str, Any]] = {
    "plain": {"login": ["deploy", FREE], "container": True},
    "by_root": {"login": ["root", FREE]},
    "asked": {
        "login": ["kim"],
        "base_administrators": [KIM],
        "base_management_networks": ["2001:db8::/32"],
        "base_firewall_rules": RULES,
    },
    "changed": {
        "login": ["deploy", FREE],
        "base_administrators": [KIM],
        "base_ssh_users": ["backup"],
        "base_ssh_forwards": ["127.0.0.1:4040", "*:22"],
        "base_kernel_settings": {"net.ipv4.conf.*.rp_filter": 2, "kernel.sysrq": ""},
        "base_security_updates_except": ["^mariadb-"],
        "base_security_updates_reboot": True,
        "base_management_networks": ["203.0.113.0/24", "2001:db8::/32", "192.0.2.7", "2001:db9::7"],
        "base_firewall_rules": RULES,
    },
    "administrator": {"login": ["kim", FREE], "base_administrators": [KIM]},
    "without_key": {"login": ["deploy"], "has_key": 1},
}
"""Machine → what Ansible finds out there, and variables of the role."""
PLAY: Final = [
    {
        "name": "Role base without its changes",
        "hosts": "all",
        "gather_facts": False,
        "connection": "local",
        "vars_files": [str(ROLE / "vars/main.yml")],
        "tasks": [
            {
                "name": "Check who would be locked out",
                "block": [{"ansible.builtin.import_tasks": str(ROLE / "tasks/logins.yml")}],
                "rescue": [
                    {
                        "ansible.builtin.copy": {
                            "content": "{{ ansible_failed_result.msg }}",
                            "dest": "{{ folder }}/{{ inventory_hostname }}.refused",
                        }
                    }
                ],
            },
            {
                "ansible.builtin.copy": {
                    "content": {
                        name: f"{{{{ lookup('ansible.builtin.template', '{ROLE}/templates/{name}.j2') }}}}"
                        for name in TEMPLATES
                    },
                    "dest": "{{ folder }}/{{ inventory_hostname }}.json",
                },
            },
        ],
    }
]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with MACHINE.json, template → file; and with MACHINE.refused where the role stops, its sentence."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "play.yml").write_text(json.dumps(PLAY))
    (folder / "hosts.yml").write_text(
        yaml.safe_dump({"all": {"hosts": dict(HOSTS), "vars": read(ROLE / "defaults/main.yml")}})
    )
    given = {
        "folder": str(folder),
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "base_login_read": {"stdout_lines": "{{ login }}"},  # what is registered is weaker than these
        "base_login_by_key": {"rc": "{{ has_key | default(0) }}"},
        "base_is_container": "{{ container | default(false) }}",
    }
    command = [
        str(ANSIBLE.parent / ".venv/bin/ansible-playbook"),
        "-i",
        "hosts.yml",
        "-e",
        json.dumps(given),
        "play.yml",
    ]
    settings = {"ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_NOCOLOR": "true", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command, cwd=folder, env=os.environ | settings, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def text(written: Path, machine: str, template: str) -> str:
    return str(json.loads((written / f"{machine}.json").read_text(encoding="utf-8"))[template])


def test_who_runs_it_is_not_locked_out(written: Path) -> None:
    assert sorted(path.name for path in written.glob("*.refused")) == ["administrator.refused", "without_key.refused"]
    assert "give Ansible an account of its own" in (written / "administrator.refused").read_text(encoding="utf-8")
    assert "has no ssh key there" in (written / "without_key.refused").read_text(encoding="utf-8")


def test_ansibles_account_is_asked_for_no_password_if_it_was_not_before(written: Path) -> None:
    free = {
        name: [line for line in text(written, name, "sudoers").splitlines() if "NOPASSWD" in line] for name in HOSTS
    }
    rule = "deploy ALL=(ALL:ALL) NOPASSWD: ALL"
    assert {name: lines for name, lines in free.items() if name in ("plain", "by_root", "asked", "changed")} == {
        "plain": [rule],
        "by_root": [],
        "asked": [],
        "changed": [rule],
    }


def test_administrators_are_asked_after_all_other_rules(written: Path) -> None:
    lines = [line for line in text(written, "changed", "sudoers").splitlines() if line[0] != "#"]
    assert lines[:2] == ["%sudo ALL=(ALL:ALL) PASSWD: ALL", "kim ALL=(ALL:ALL) PASSWD: ALL"]


def test_root_logs_in_only_where_ansible_is_root(written: Path) -> None:
    found = {name: "PermitRootLogin no" in text(written, name, "sshd.conf") for name in ("plain", "by_root", "changed")}
    assert found == {"plain": True, "by_root": False, "changed": True}
    assert "PermitRootLogin prohibit-password" in text(written, "by_root", "sshd.conf")


def test_a_tunnel_leads_to_what_is_listed_alone(written: Path) -> None:
    assert "AllowTcpForwarding no\nPermitOpen none\n" in text(written, "plain", "sshd.conf")
    assert "AllowTcpForwarding local\nPermitOpen 127.0.0.1:4040 *:22\n" in text(written, "changed", "sshd.conf")


def test_settings_of_the_kernel_are_the_hosts_in_a_container(written: Path) -> None:
    container, machine = (text(written, name, "sysctl.conf").splitlines() for name in ("plain", "by_root"))
    assert "-net.ipv4.tcp_syncookies = 1" in container
    assert [line for line in container if line.startswith(("-kernel", "-fs"))] == []
    assert {line.replace("# ", "-") for line in container if " = " in line} == {
        line for line in machine if " = " in line
    }


def test_an_installation_may_differ_in_a_setting(written: Path) -> None:
    before, after = (set(text(written, name, "sysctl.conf").splitlines()) for name in ("by_root", "changed"))
    assert before - after == {"-net.ipv4.conf.*.rp_filter = 1", "-kernel.sysrq = 0"}
    assert after - before == {"-net.ipv4.conf.*.rp_filter = 2"}


def test_updates_wait_for_a_person_where_the_list_says_so(written: Path) -> None:
    found = text(written, "changed", "security-updates.conf")
    assert 'Unattended-Upgrade::Package-Blacklist:: "^mariadb-";' in found
    assert 'Unattended-Upgrade::Automatic-Reboot "true";' in found
    assert "Package-Blacklist" not in text(written, "plain", "security-updates.conf")


def test_each_family_of_addresses_has_a_rule_of_its_own(written: Path) -> None:
    found = {
        machine: [line.strip() for line in text(written, machine, "nftables.conf").splitlines() if "saddr {" in line]
        for machine in ("changed", "asked")
    }
    opened = 'tcp dport { 80, 443 } accept comment "pages"'
    assert found["changed"] == [
        f"ip saddr {{ 192.0.2.7, 203.0.113.0/24 }} {opened}",
        f"ip6 saddr {{ 2001:db8::/32, 2001:db9::7 }} {opened}",
    ]
    assert found["asked"] == [f"ip6 saddr {{ 2001:db8::/32 }} {opened}"]


@pytest.mark.parametrize("machine", HOSTS)
def test_the_programs_take_the_files(written: Path, tmp_path: Path, machine: str) -> None:
    """Those of them that there are here; the role asks all on the machine."""
    checks = {
        "sudoers": ["visudo", "-cf"],
        "security-updates.conf": ["apt-config", "dump", "--config-file"],
    }
    nft = shutil.which("nft")
    if nft and subprocess.run([nft, "list", "tables"], capture_output=True, check=False).returncode == 0:
        checks["nftables.conf"] = ["nft", "-c", "-f"]  # it may ask the kernel
    for template, (program, *arguments) in checks.items():
        if found := shutil.which(program):
            path = tmp_path / template
            path.write_text(text(written, machine, template))
            done = subprocess.run([found, *arguments, str(path)], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
