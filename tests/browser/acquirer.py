"""The acquirer's simulator behind the shop's merchant, and its faults, for tests of the pages."""

from typing import Any

import requests

from stack.platform import Platform
from tests.servers import until

MERCHANT = "STORE"


def connect(platform: Platform, connector: str) -> None:
    """Give the shop's merchant this connector, and wait until its pages are told."""
    header = {"Authorization": f"Bearer {platform.admin_token}"}
    body = {"connector": connector, "reason": "a test of the pages"}
    url = platform.api.url
    answer = requests.patch(f"{url}/merchants/{MERCHANT}", json=body, headers=header, timeout=6)
    assert answer.status_code == 200, answer.text
    until(lambda: requests.get(f"{url}/shop/acquirer", timeout=6).json()["connector"] == connector, "it is known")


def control(platform: Platform, method: str, path: str, body: object = None) -> Any:
    """The answer of the simulator's control."""
    assert platform.acquirer is not None
    access = platform.acquirer.access
    header = {"Authorization": f"Bearer {access.control_token}"}
    answer = requests.request(method, f"{access.url}/_control/{path}", json=body, headers=header, timeout=6)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.text else None


def fail(platform: Platform, **rule: object) -> None:
    """Have the simulator fail by this rule alone."""
    control(platform, "PUT", "faults", {"rules": [rule]})


def end_faults(platform: Platform) -> None:
    """End all faults."""
    control(platform, "DELETE", "faults")


def authorizations(platform: Platform) -> int:
    """How often the simulator was asked to authorize."""
    entries = control(platform, "GET", "journal?limit=500&newest=true")["entries"]
    return sum(entry["kind"] == "authorization" for entry in entries)
