"""Requests and unit checks of the monitoring and build roles: HTTP from the machine itself or from outside."""

import base64
import json
import re
from typing import Any, Final

import requests

from tests.infra import inventory

CERTIFICATES: Final = "/etc/payops-pki"
"""Role pki's folder on each machine."""
EXPOSURE_LIMIT: Final = 4.0  # of systemd-analyze security: above it a unit is badly sandboxed
OUTSIDE_SECONDS: Final = 5


def fetch(
    host: Any, url: str, user: str = "", password: str = "", post: bool = False, certificate: str = ""
) -> tuple[int, str]:
    """Status and text of an answer, requested on the machine. The login is not an argument, which others see.

    https is verified by the machine's CA file. `certificate`: the name of one of role pki's, which curl shows.
    """
    header = f'cacert = "{CERTIFICATES}/ca.pem"\n'
    if certificate:
        header += f'cert = "{CERTIFICATES}/{certificate}.pem"\nkey = "{CERTIFICATES}/{certificate}.key"\n'
    if user:
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        header += f'header = "Authorization: Basic {token}"\n'
    if post:
        header += 'request = "POST"\ndata = "{}"\n'
    script = f"printf '%s' '{header}' | curl --silent --max-time 10 --config - --write-out '\\n%{{http_code}}' '{url}'"
    done = host.run(script)
    assert done.rc == 0, f"{url}: curl ended with {done.rc} {done.stderr}"
    text, _, status = done.stdout.rpartition("\n")
    return int(status), text


def fetch_json(host: Any, url: str, user: str = "", password: str = "") -> Any:
    """The body of a 200."""
    status, text = fetch(host, url, user, password)
    assert status == 200, f"{url}: {status} {text}"
    return json.loads(text)


def from_outside(url: str, user: str = "", password: str = "") -> int:
    """The status for the operator's machine."""
    login = (user, password) if user else None
    return requests.get(url, auth=login, timeout=OUTSIDE_SECONDS, verify=inventory.authority()).status_code


def exposure(host: Any, unit: str) -> float:
    """systemd's exposure level of the unit: 0 is best, 10 is worst."""
    said = host.check_output(f"systemd-analyze security --no-pager {unit}.service")
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found, said
    return float(found.group(1))


def command_line_and_environment(host: Any, unit: str) -> str:
    """The arguments of a process, which other programs can read."""
    pid = host.check_output(f"systemctl show --property MainPID --value {unit}")
    return str(host.check_output(f"tr '\\0' '\\n' < /proc/{pid}/cmdline; tr '\\0' '\\n' < /proc/{pid}/environ"))


def arguments_of_processes(host: Any) -> str:
    """The command lines of all services; those of logins are the tests' own, and another test may log in meanwhile."""
    listed = host.check_output("ps -eo unit:64=,args=").splitlines()
    return "\n".join(line for line in listed if not re.match(r"(session-|user@|ssh\.service|- )", line))


def mode_and_owner(host: Any, path: str) -> str:
    """As in `600 root root`."""
    return str(host.check_output(f"stat --format '%a %U %G' {path}"))
