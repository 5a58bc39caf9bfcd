"""Who may ask on machines: without a key nobody, with the vault's keys whoever should; and no log has a key."""

from collections.abc import Mapping
from typing import Any, Final

import pytest
import requests
from testinfra.host import Host

from payments.merchants.key_form import Prefix, parse
from tests.infra import inventory
from tests.infra.asking import OUTSIDE_SECONDS

KEY: Final = "po_(live|test|oper)_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}"
"""A whole key, not the part that logs may have of it."""
MERCHANTS: Final = [f"K6-{number:02}" for number in range(1, 21)]
READ, OPERATE, ADMINISTER = "read", "operate", "administer"
OPEN_INSTANCE: Final = "payops-api@8089"


@pytest.fixture
def api() -> str:
    return inventory.gate("application")


def ask(url: str, key: str = "", body: Any = None) -> tuple[int, Any]:
    """Status and JSON of an answer: of a GET, or of a POST with a body."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    method = "GET" if body is None else "POST"
    answer = requests.request(
        method, url, json=body, headers=headers, timeout=OUTSIDE_SECONDS, verify=inventory.authority()
    )
    return answer.status_code, answer.json()


def merchants_keys(secrets: Mapping[str, str]) -> list[str]:
    return secrets["vault_payops_k6_keys"].split()


def test_the_vault_has_keys_of_the_right_kinds(secrets: Mapping[str, str]) -> None:
    operators = [parse(secrets[name]) for name in ("vault_payops_operator_key", "vault_payops_jenkins_key")]
    merchants = [parse(key) for key in merchants_keys(secrets)]
    assert {key.prefix for key in operators if key} == {Prefix.OPERATOR}
    assert {key.prefix for key in merchants if key} == {Prefix.TEST}
    assert len({key.key_id for key in operators + merchants if key}) == 2 + len(MERCHANTS)


@pytest.mark.parametrize("path", ["/payments", "/operations", "/ledger/entries", "/merchants", "/api-keys"])
def test_a_request_without_a_key_is_refused(api: str, path: str) -> None:
    status, problem = ask(api + path)
    assert (status, problem["code"]) == (401, "API_KEY_MISSING")


def test_a_payment_without_a_key_is_refused(api: str) -> None:
    body = {"merchantId": MERCHANTS[0], "amount": 1000, "currency": "KRW", "idempotencyKey": "no key"}
    assert ask(f"{api}/payments/authorize", "", body)[0] == 401


@pytest.mark.parametrize(
    ("name", "scopes"),
    [
        ("vault_payops_operator_key", {READ, OPERATE, ADMINISTER}),
        ("vault_payops_jenkins_key", {READ, OPERATE}),
    ],
)
def test_an_operators_key_of_the_vault_opens_what_it_is_for(api: str, secrets, name: str, scopes: set[str]) -> None:
    status, current = ask(f"{api}/api-keys/current", secrets[name])
    assert (status, current["kind"], set(current["scopes"])) == (200, "OPERATOR", scopes)
    assert ask(f"{api}/operations", secrets[name])[0] == 200
    made = ask(f"{api}/merchants", secrets[name], {})
    assert made[0] == (400 if ADMINISTER in scopes else 403), made


def test_each_merchants_key_of_the_vault_is_of_its_merchant(api: str, secrets) -> None:
    owners = [ask(f"{api}/api-keys/current", key)[1]["merchantId"] for key in merchants_keys(secrets)]
    assert owners == MERCHANTS
    assert ask(f"{api}/payments?limit=1", merchants_keys(secrets)[0])[0] == 200
    assert ask(f"{api}/operations", merchants_keys(secrets)[0])[0] == 403


def test_there_is_no_admin_token(host_of, api: str, secrets) -> None:
    """Also not that of a vault that has had one."""
    assert host_of("application").run("grep --files-with-matches ADMIN_TOKEN /etc/payops/*.env").stdout == ""
    token = secrets.get("vault_payops_admin_token", "a-token-that-was-right-once")
    for path, body in (("/operations", None), ("/api-keys", {"name": "mine"})):
        assert ask(api + path, token, body)[0] == 401


def test_the_shop_pays_without_a_key_and_for_its_merchant_alone(api: str) -> None:
    assert ask(f"{api}/shop/payments?limit=1")[0] == 200
    status, problem = ask(f"{api}/shop/payments?limit=1&merchantId={MERCHANTS[0]}")
    assert (status, problem["code"]) == (403, "MERCHANT_MISMATCH")


def test_each_request_needs_a_key_as_health_says(api: str) -> None:
    assert ask(f"{api}/health/live")[1]["auth"] == "required"


def test_no_log_has_a_key(each_host: Host) -> None:
    """The journal has what Ansible's modules, sudo and systemd say of their arguments; /var/log what the gate says."""
    journal = each_host.run(f"journalctl --quiet --no-pager --output=cat | grep --count --extended-regexp '{KEY}'")
    assert journal.stdout.strip() == "0"
    files = each_host.run(
        f"grep --recursive --files-with-matches --text --extended-regexp '{KEY}' /var/log --exclude-dir=journal"
    )
    assert (files.rc, files.stdout) == (1, "")


@pytest.mark.alone
def test_an_instance_that_would_ask_for_no_key_does_not_start(host_of) -> None:
    host, folder = host_of("application"), f"/run/systemd/system/{OPEN_INSTANCE}.service.d"
    host.check_output(f"mkdir -p {folder} && printf 'APP_AUTH=open\n' >/run/payops-open.env")
    host.check_output(f"printf '[Service]\nEnvironmentFile=/run/payops-open.env\n' >{folder}/open.conf")
    try:
        host.check_output("systemctl daemon-reload")
        assert host.run(f"systemctl start {OPEN_INSTANCE}").rc != 0
        said = host.check_output(f"journalctl --no-pager --output=cat --unit={OPEN_INSTANCE}")
        assert "set APP_AUTH=required" in said
    finally:
        host.check_output(
            f"rm -r {folder} /run/payops-open.env; systemctl daemon-reload; systemctl stop {OPEN_INSTANCE}"
        )
        host.run(f"systemctl reset-failed {OPEN_INSTANCE}")
