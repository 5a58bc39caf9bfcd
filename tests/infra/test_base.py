"""Every machine: the system, its clock, who may log in, and no failed units."""

from ipaddress import ip_address

import pytest

from tests.infra import inventory


def test_it_is_debian_12(each_host) -> None:
    assert (each_host.system_info.distribution, each_host.system_info.release.split(".")[0]) == ("debian", "12")


def test_no_unit_has_failed(each_host) -> None:
    assert each_host.check_output("systemctl list-units --failed --plain --no-legend") == ""


def test_it_speaks_utc(each_host) -> None:
    assert each_host.check_output("date +%Z") == "UTC"


def test_the_clock_is_kept(each_host) -> None:
    assert each_host.service("systemd-timesyncd").is_enabled


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("passwordauthentication", "no"),
        ("kbdinteractiveauthentication", "no"),
        ("permitrootlogin", "without-password"),
    ],
)
def test_ssh_takes_keys_alone(each_host, setting: str, value: str) -> None:
    assert f"{setting} {value}" in each_host.check_output("sshd -T").splitlines()


def test_a_password_is_not_even_asked_for(each_host) -> None:
    """The options of the running server, not of its file."""
    options = "-o BatchMode=yes -o StrictHostKeyChecking=no -o PreferredAuthentications=none"
    said = each_host.check_output(f"ssh {options} nobody@127.0.0.1 2>&1 || true")  # 255 would mean our own connection
    assert "Permission denied (publickey)." in said


def test_sudo_is_for_its_files_owner_alone(each_host) -> None:
    file = each_host.file("/etc/sudoers.d/payops-administrators")
    assert (file.user, file.mode) == ("root", 0o440)
    assert each_host.run("visudo -c").rc == 0


def test_the_firewall_comes_back_after_a_boot(each_host) -> None:
    assert each_host.service("nftables").is_enabled
    assert each_host.service("nftables").is_running


def test_the_firewall_drops_what_no_rule_lets_in(each_host) -> None:
    rules = each_host.check_output("nft list chain inet payops input")
    assert "policy drop" in rules
    assert "accept" in rules


def on_loopback(place: str) -> bool:
    """Of an address as ss shows it: `127.0.0.1`, `[::ffff:127.0.0.1]`, `*`, `127.0.0.53%lo`."""
    bare = place.strip("[]").split("%")[0].removeprefix("::ffff:")
    return bare != "*" and ip_address(bare).is_loopback


def test_no_port_is_open_that_the_list_does_not_have(each_host) -> None:
    """Every port open beyond loopback is in group_vars/all/firewall.yml for this machine."""
    name = each_host.check_output("hostname")
    listed = {
        port
        for rule in inventory.firewall()
        if rule["hosts"] == "all" or name in inventory.members(rule["hosts"])
        for port in rule["ports"]
    }
    places = [line.split()[3].rpartition(":") for line in each_host.check_output("ss -Hltn").splitlines()]
    outside = {int(port) for place, _, port in places if not on_loopback(place)}
    assert outside - listed == set()
