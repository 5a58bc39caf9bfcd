"""What listens beyond loopback is on the firewall's list, and speaks TLS; but for ssh, and port 80, which redirects."""

from ipaddress import ip_address
from typing import Final

import pytest

from tests.infra import inventory, links

SSH, REDIRECT = 22, 80
NOT_TLS: Final = {SSH, REDIRECT}


def open_ports(listed: str) -> set[int]:
    """Of `ss -H -ltn`: ports that are reached from other machines, the firewall left aside."""
    found = set()
    for line in listed.splitlines():
        address, _, port = line.split()[3].rpartition(":")
        address = address.strip("[]").partition("%")[0].removeprefix("::ffff:")
        if address == "*" or not ip_address(address).is_loopback:
            found.add(int(port))
    return found


def test_addresses_are_read() -> None:
    ends = ["127.0.0.1:1", "[::1]:2", "[::ffff:127.0.0.1]:3", "127.0.0.53%lo:4", "0.0.0.0:5", "[::]:6", "*:7"]
    ends += ["192.168.56.12:8", "[::ffff:192.168.56.12]:9"]
    assert open_ports("\n".join(f"LISTEN 0 128 {end} 0.0.0.0:*" for end in ends)) == {5, 6, 7, 8, 9}


@pytest.fixture
def speaks_tls(host_of):
    """machine, port → whether its own address shows a certificate there.

    MariaDB hangs up on strangers before TLS, and its own machine is one: it is asked by the application's.
    """

    def ask(host, port: int) -> bool:
        source = host_of("application") if port == links.MARIADB else host
        return "-----BEGIN CERTIFICATE-----" in links.hello(source, inventory.address(host.backend.host), port).text

    return ask


def test_nothing_else_listens(each_host) -> None:
    name = each_host.backend.host
    rules = [
        rule for rule in inventory.firewall() if rule["hosts"] == "all" or name in inventory.members(rule["hosts"])
    ]
    allowed = {port for rule in rules for port in rule["ports"]}
    assert open_ports(each_host.check_output("ss -H -ltn")) <= allowed


def test_everything_speaks_tls(each_host, speaks_tls) -> None:
    ports = open_ports(each_host.check_output("ss -H -ltn")) - NOT_TLS
    assert [port for port in sorted(ports) if not speaks_tls(each_host, port)] == []


def test_ssh_is_found_to_speak_no_tls(each_host, speaks_tls) -> None:
    """So a check that takes everything for TLS fails."""
    assert not speaks_tls(each_host, SSH)
