"""The acquirer's simulator: its user, its secrets and its sandbox; from outside it gives tokens and nothing else."""

import json
from typing import Any

import pytest
import requests

from tests.infra import inventory
from tests.infra.asking import EXPOSURE_LIMIT, arguments_of_processes, exposure, mode_and_owner
from tests.infra.inventory import secret_texts

SETTINGS = "/etc/psp/psp.env"
KNOWS = {"vault_psp_key", "vault_psp_publishable_key", "vault_psp_control_token"}
CARD = {"number": "4242424242424242", "expiry": "12/40"}
SHUT = [
    ("GET", "/acquirer/health"),
    ("GET", "/acquirer/_control/faults"),
    ("GET", "/acquirer/v1/operations?reference=a"),
    ("POST", "/acquirer/v1/authorizations"),
    ("POST", "/acquirer/v1/operations/cancel"),
]


@pytest.fixture
def acquirer(host_of):
    return host_of("acquirer")


@pytest.fixture
def shop() -> str:
    return inventory.gate("application")


def ask(method: str, shop: str, path: str, **given: Any) -> requests.Response:
    return requests.request(method, shop + path, timeout=10, verify=inventory.authority(), **given)


def test_it_runs_and_comes_back_after_a_boot(acquirer) -> None:
    assert acquirer.service("psp").is_running
    assert acquirer.service("psp").is_enabled


def test_it_is_sandboxed(acquirer) -> None:
    assert exposure(acquirer, "psp") <= EXPOSURE_LIMIT


def test_it_has_a_user_of_its_own_and_stays_within_its_memory(acquirer) -> None:
    said = acquirer.check_output("systemctl show psp --property User,MemoryMax,MemoryCurrent,Restart")
    properties = dict(line.split("=", 1) for line in said.splitlines())
    assert (properties["User"], properties["Restart"]) == ("psp", "always")
    assert int(properties["MemoryCurrent"]) < int(properties["MemoryMax"]) <= 192 * 2**20
    user = acquirer.user("psp")
    assert (user.shell, user.groups) == ("/usr/sbin/nologin", ["psp"])


def test_it_runs_the_release_that_its_link_names(acquirer) -> None:
    pid = acquirer.check_output("systemctl show psp --property MainPID --value")
    release = acquirer.check_output("readlink /opt/payops/psp")
    assert acquirer.check_output(f"readlink /proc/{pid}/cwd") == release
    assert release.startswith("/opt/payops/releases/")


def test_settings_are_for_roots_eyes_and_hold_no_secret_too_many(acquirer, secrets) -> None:
    assert mode_and_owner(acquirer, SETTINGS) == "600 root root"
    assert mode_and_owner(acquirer, "/etc/psp") == "700 root root"
    text = acquirer.file(SETTINGS).content_string
    assert {name for name, value in secrets.items() if any(part in text for part in secret_texts(value))} == KNOWS
    assert acquirer.run(f"runuser -u psp -- cat {SETTINGS}").rc != 0


def test_what_it_keeps_is_its_own(acquirer) -> None:
    assert mode_and_owner(acquirer, "/var/lib/psp") == "700 psp psp"
    assert mode_and_owner(acquirer, "/var/lib/psp/psp.db") == "600 psp psp"


def test_no_secret_is_in_the_list_of_processes(acquirer, secrets) -> None:
    arguments = arguments_of_processes(acquirer)
    assert not [name for name in KNOWS if secrets[name] in arguments]


def test_it_listens_where_the_api_reaches_it_and_nowhere_else(acquirer) -> None:
    alone = inventory.members("application") == inventory.members("acquirer")
    address = "127.0.0.1" if alone else inventory.first_address("acquirer")
    listening = acquirer.check_output("ss --no-header --tcp --listening --numeric 'sport = :8090'").splitlines()
    assert [line.split()[3] for line in listening] == [f"{address}:8090"]


def test_the_api_reaches_it_with_its_key(host_of) -> None:
    """Asked by the api's user, with the api's settings."""
    script = (
        "import os, urllib.error, urllib.request as r\n"
        "asked = r.Request(os.environ['APP_ACQUIRER_URL'] + '/v1/operations?reference=none')\n"
        "asked.add_header('Authorization', 'Bearer ' + os.environ['APP_ACQUIRER_KEY'])\n"
        "try: r.urlopen(asked)\n"
        "except urllib.error.HTTPError as error: print(error.code)"
    )
    unit = "systemd-run --quiet --collect --pipe --wait --property User=payops-api"
    run = f'{unit} --property EnvironmentFile=/etc/payops/api.env /opt/payops/current/bin/python -c "{script}"'
    assert host_of("application").check_output(run) == "404"


def test_a_page_of_the_shop_gets_a_token(acquirer, shop: str, secrets) -> None:
    headers = {"Authorization": f"Bearer {secrets['vault_psp_publishable_key']}"}
    answer = ask("POST", shop, "/acquirer/v1/tokens", json=CARD, headers=headers)
    assert (answer.status_code, answer.json()["token"][:4]) == (201, "tok_")
    assert ask("POST", shop, "/acquirer/v1/tokens", json=CARD).status_code == 401


@pytest.mark.parametrize(("method", "path"), SHUT)
def test_nothing_else_of_it_is_reached_from_outside(acquirer, shop: str, secrets, method: str, path: str) -> None:
    for name in ("vault_psp_key", "vault_psp_control_token"):
        headers = {"Authorization": f"Bearer {secrets[name]}"}
        answer = ask(method, shop, path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND"), answer.text


def test_the_shop_is_paid_at_the_simulator(host_of) -> None:
    listed = json.loads(host_of("application").check_output("payops merchants list"))
    assert {one["merchantId"]: one["connector"] for one in listed["items"]}["STORE"] == "simulator"
