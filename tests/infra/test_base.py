"""Every machine: the system, its clock, its kernel settings and updates, its open ports, and no failed units."""

import re
from fnmatch import fnmatch
from ipaddress import ip_address

from tests.infra import inventory


def test_it_is_debian_12(each_host) -> None:
    assert (each_host.system_info.distribution, each_host.system_info.release.split(".")[0]) == ("debian", "12")


def test_no_unit_has_failed(each_host) -> None:
    assert each_host.check_output("systemctl list-units --failed --plain --no-legend") == ""


def test_it_speaks_utc(each_host) -> None:
    assert each_host.check_output("date +%Z") == "UTC"


def test_the_clock_is_kept(each_host) -> None:
    assert each_host.service("systemd-timesyncd").is_enabled


def test_the_kernel_has_the_settings_of_the_file(each_host) -> None:
    """Each of them, for each network interface."""
    text = each_host.file("/etc/sysctl.d/99-zz-payops.conf").content_string
    wanted = dict(line.removeprefix("-").split(" = ") for line in text.splitlines() if " = " in line and line[0] != "#")
    assert {"net.ipv4.conf.*.accept_redirects", "net.ipv4.conf.*.rp_filter", "net.ipv4.tcp_syncookies"} <= set(wanted)
    said = dict(
        line.split(" = ", 1) for line in each_host.run("sysctl -a 2>/dev/null").stdout.splitlines() if " = " in line
    )
    found = {name: {value for key, value in said.items() if fnmatch(key, name)} for name in wanted}
    assert {name: values for name, values in found.items() if values - {wanted[name]}} == {}
    assert [name for name in wanted if name.startswith("net.ipv4.conf") and not found[name]] == []


def test_settings_of_the_hosts_kernel_are_set_on_machines_alone(each_host) -> None:
    text = each_host.file("/etc/sysctl.d/99-zz-payops.conf").content_string
    in_container = each_host.run("systemd-detect-virt --quiet --container").rc == 0
    assert ("\n# kernel.kptr_restrict = 2" in text, "\n-kernel.kptr_restrict = 2" in text) == (
        in_container,
        not in_container,
    )


def test_security_updates_and_no_others_come_by_themselves(each_host) -> None:
    said = each_host.check_output("apt-config dump APT::Periodic && apt-config dump Unattended-Upgrade").splitlines()
    origins = [line for line in said if line.startswith("Unattended-Upgrade::Origins-Pattern::")]
    assert [re.findall(r"label=([\w-]+)", line) for line in origins] == [["Debian-Security"]]
    assert {
        'APT::Periodic::Update-Package-Lists "1";',
        'APT::Periodic::Unattended-Upgrade "1";',
        'Unattended-Upgrade::Automatic-Reboot "false";',
    } <= set(said)
    assert each_host.package("unattended-upgrades").is_installed


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
