"""Every machine: who may log in by ssh and how, and who becomes root without a password."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.infra import inventory

FILE: Final = "/etc/sudoers.d/zz-payops"
PASSWORD: Final = "a-password-of-this-test"  # of an account that lives for seconds
SELF: Final = "-o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
"""Options of ssh from a machine to itself."""
SETTINGS: Final = {
    "allowgroups payops-ssh",
    "permitrootlogin no",
    "authenticationmethods publickey",
    "passwordauthentication no",
    "kbdinteractiveauthentication no",
    "maxauthtries 4",
    "allowstreamlocalforwarding no",
    "allowagentforwarding no",
    "x11forwarding no",
    "permittunnel no",
}
REFUSED: Final = (
    ("KexAlgorithms=diffie-hellman-group14-sha256", "key exchange method"),
    ("KexAlgorithms=ecdh-sha2-nistp256", "key exchange method"),
    ("Ciphers=chacha20-poly1305@openssh.com", "cipher"),
    ("Ciphers=aes128-cbc", "cipher"),
    ("Ciphers=aes256-ctr -o MACs=hmac-sha1", "MAC"),
    ("HostKeyAlgorithms=ssh-rsa", "host key type"),
)
"""What an older client may ask for, and what ssh says is not common to both."""
AS_PERSON: Final = "runuser -u test-person --"


def automation(host: Any) -> str:
    """The account that Ansible logs in as."""
    return str(host.check_output("echo ${SUDO_USER:-root}"))


def test_ssh_takes_keys_alone_and_forwards_to_ngroks_agent_alone(each_host) -> None:
    said = each_host.check_output("sshd -T").splitlines()
    build = each_host.check_output("hostname") in inventory.members("build")  # where ngrok's agent is
    tunnels = (
        {"allowtcpforwarding local", "permitopen 127.0.0.1:4040"}
        if build
        else {"allowtcpforwarding no", "permitopen none"}
    )
    wanted = SETTINGS | tunnels
    names = {line.split()[0] for line in wanted}
    assert {line for line in said if line.split()[0] in names} == wanted


def test_a_password_is_not_even_asked_for(each_host) -> None:
    """The options of the running server, not of its file."""
    said = each_host.check_output(f"ssh {SELF} -o PreferredAuthentications=none nobody@127.0.0.1 2>&1 || true")
    assert "Permission denied (publickey)." in said


def test_old_algorithms_are_refused(each_host) -> None:
    """By the running server."""
    attempts = [f"ssh {SELF} -o {option} nobody@127.0.0.1 2>&1 || true" for option, _ in REFUSED]
    said = each_host.check_output("; ".join(attempts)).splitlines()
    reasons = [line.partition("no matching ")[2].partition(" found")[0] for line in said if "no matching" in line]
    assert reasons == [reason for _, reason in REFUSED]


def test_ansibles_account_alone_may_log_in(each_host) -> None:
    """No more: base_administrators and base_ssh_users are empty for these machines."""
    assert each_host.group("payops-ssh").members == [automation(each_host)]


def test_ansibles_account_alone_becomes_root_without_a_password(each_host) -> None:
    rules = each_host.check_output("cat /etc/sudoers /etc/sudoers.d/*").splitlines()
    free = [line.split()[0] for line in rules if re.match(r"[^#].*NOPASSWD|Defaults.*!authenticate", line)]
    assert set(free) == {automation(each_host)}


def test_sudo_is_for_its_files_owner_alone(each_host) -> None:
    file = each_host.file(FILE)
    assert (file.user, file.mode) == ("root", 0o440)
    assert each_host.run("visudo -c").rc == 0
    assert not each_host.file("/etc/sudoers.d/payops-administrators").exists


@pytest.fixture
def person(each_host) -> Iterator[Any]:
    """A machine with an account as of an administrator, whose key opens the account itself; not in payops-ssh."""
    each_host.check_output("useradd --create-home --shell /bin/bash --groups sudo test-person")
    try:
        each_host.check_output(f"echo test-person:{PASSWORD} | chpasswd")
        each_host.check_output(f"{AS_PERSON} install -d -m 700 /home/test-person/.ssh")
        each_host.check_output(f"{AS_PERSON} ssh-keygen -q -t ed25519 -N '' -f /home/test-person/.ssh/id_ed25519")
        each_host.check_output(
            f"{AS_PERSON} cp /home/test-person/.ssh/id_ed25519.pub /home/test-person/.ssh/authorized_keys"
        )
        yield each_host
    finally:
        each_host.check_output("userdel --force --remove test-person 2>/dev/null")


@pytest.mark.alone  # the account is a change, which a converge beside this would undo
def test_a_key_is_of_no_use_outside_the_group(person) -> None:
    login = f"{AS_PERSON} ssh {SELF} -i /home/test-person/.ssh/id_ed25519 test-person@127.0.0.1 id -un"
    assert "Permission denied" in person.check_output(f"{login} 2>&1 || true")  # 255 would mean our own connection
    person.check_output("gpasswd --add test-person payops-ssh")
    assert person.check_output(login) == "test-person"


@pytest.mark.alone
def test_sudo_asks_an_administrator(person) -> None:
    assert "a password is required" in person.run(f"{AS_PERSON} sudo -n id -un").stderr
    assert person.check_output(f"echo {PASSWORD} | {AS_PERSON} sudo -S -p '' id -un") == "root"
