"""Every operation of the API's description × every kind of key, where keys are required."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, update

from app.__main__ import unconnected
from app.api.openapi import document
from app.http import limits
from payments.merchants import service
from payments.merchants.hashing import Peppers
from payments.merchants.new_key import NewKey
from payments.merchants.rules import SCOPES_OF, KeyKind, MerchantState, Mode, Scope, networks
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.tables.merchants import api_key
from tests.integration.api.conftest import TOKEN, Api, serving

PEPPERS = Peppers([(1, b"p" * 32)])
PUBLIC = {
    ("/health", "get"),
    ("/health/live", "get"),
    ("/health/ready", "get"),
    ("/metrics", "get"),
    ("/openapi.json", "get"),
    ("/docs", "get"),
    ("/circuit-breaker/status", "get"),
    ("/circuit-breaker/kafka-publisher", "get"),
}
"""Operations for everybody. Another one needs a reason here, or a scope where it is described."""
OPERATIONS = [
    (path, verb, tuple(Scope(name) for name in operation.get("x-scopes", ())))
    for path, operations in document(unconnected())["paths"].items()
    for verb, operation in operations.items()
]
PROTECTED = [operation for operation in OPERATIONS if operation[2]]
BODIES: dict[str, dict[str, Any]] = {
    "authorize": {"amount": 100, "currency": "KRW", "idempotencyKey": "matrix"},
    "merchants": {"merchantId": "new", "name": "New", "mode": "TEST"},
    "{merchant_id}": {"state": "ACTIVE", "reason": "a test"},
    "api-keys": {"name": "new"},
    "rotate": {"overlapSeconds": 60},
    "transition": {"to": "CLOSED"},
    "decide": {"outcome": "APPROVED", "reason": "a test"},
}


@dataclass
class Keys:
    """The texts of keys of each kind, and a payment of merchant M1."""

    of: dict[str, str]
    payment_id: int


def made(connection: Connection, merchant: str | None, **more: Any) -> tuple[str, str]:
    """(id, text) of a new key with all scopes of its kind, unless `more` says others."""
    key, text = service.create_key(connection, PEPPERS, NewKey(merchant, "k", **more), "cli:me")
    return key.key_id, text.text


def stored_keys(connection: Connection) -> dict[str, str]:
    for merchant, mode in (("M1", Mode.TEST), ("M2", Mode.TEST), ("S", Mode.TEST), ("L", Mode.LIVE)):
        service.create_merchant(connection, merchant, merchant, mode, "cli:me")
    found = {name: made(connection, name) for name in ("M1", "M2", "S", "L")}
    found |= {"operator": made(connection, None), "expired": made(connection, "M1", lifetime=timedelta(days=1))}
    found |= {
        "revoked": made(connection, "M1"),
        "elsewhere": made(connection, "M1", allowed_networks=networks(["10.0.0.0/8"])),
    }
    found |= {f"only {scope}": made(connection, "M1", scopes=(scope,)) for scope in SCOPES_OF[KeyKind.MERCHANT]}
    found |= {f"only {scope}": made(connection, None, scopes=(scope,)) for scope in SCOPES_OF[KeyKind.OPERATOR]}
    service.change_merchant(connection, "S", "fraud", "cli:me", state=MerchantState.SUSPENDED)
    service.revoke(connection, found["revoked"][0], "leaked", "cli:me")
    past = database_now(connection) - timedelta(seconds=1)
    connection.execute(update(api_key).where(api_key.c.key_id == found["expired"][0]).values(expires_at=past))
    return {name: text for name, (_, text) in found.items()}


@pytest.fixture
def api(sqlite_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setattr(limits, "WRONG_TOKENS", 10_000)
    with serving(sqlite_url, redis_url, auth_required=True, peppers=PEPPERS) as api:
        yield api


@pytest.fixture
def keys(api: Api, sqlite_url: str) -> Keys:
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        texts = stored_keys(connection)
    engine.dispose()
    body = {"amount": 100, "currency": "KRW", "idempotencyKey": "k"}
    answer = api.post("/payments/authorize", body, Authorization=f"Bearer {texts['M1']}")
    assert answer.status_code == 200, answer.get_json()
    return Keys(texts, int(answer.get_json()["paymentId"]))


def send(api: Api, path: str, verb: str, key: str | None, payment_id: int) -> tuple[int, str | None]:
    """(status, code)."""
    values = {"payment_id": payment_id, "merchant_id": "M2", "key_id": "0000000000"}
    filled = re.sub(r"\{(\w+)\}", lambda found: str(values.get(found[1], 1)), path)
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    name = path.rsplit("/", 1)[1]
    body = None if verb == "get" else BODIES.get(name, {} if path.startswith("/payments/") else {"reason": "a test"})
    answer = api.http.open(filled, method=verb.upper(), json=body, headers=headers)
    api.settle()
    problem = answer.get_json(silent=True) if answer.status_code >= 400 else None
    if answer.status_code == 401:
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    answer.close()
    return answer.status_code, None if problem is None else problem["code"]


def test_what_is_open_to_everybody_is_listed() -> None:
    assert {(path, verb) for path, verb, scopes in OPERATIONS if not scopes} == PUBLIC


@pytest.mark.parametrize(("path", "verb", "scopes"), PROTECTED, ids=[f"{verb} {path}" for path, verb, _ in PROTECTED])
def test_each_key_opens_what_it_may(api: Api, keys: Keys, path: str, verb: str, scopes: tuple[Scope, ...]) -> None:
    def opened_by(name: str | None) -> tuple[int, str | None]:
        return send(api, path, verb, None if name is None else keys.of[name], keys.payment_id)

    kinds = {kind for kind in KeyKind if not set(SCOPES_OF[kind]).isdisjoint(scopes)}
    merchants = KeyKind.MERCHANT in kinds
    insufficient = (403, "INSUFFICIENT_SCOPE")
    assert opened_by(None) == (401, "API_KEY_MISSING")
    assert send(api, path, verb, "junk", keys.payment_id) == (401, "API_KEY_INVALID")
    assert send(api, path, verb, keys.of["M1"][:-1] + "_", keys.payment_id) == (401, "API_KEY_INVALID")
    assert opened_by("expired") == (401, "API_KEY_EXPIRED")
    assert opened_by("revoked") == (401, "API_KEY_INVALID")
    assert opened_by("S") == (403, "MERCHANT_SUSPENDED")
    assert opened_by("elsewhere") == (403, "NETWORK_NOT_ALLOWED")
    for scope in Scope:
        assert (opened_by(f"only {scope}") == insufficient) is (scope not in scopes), scope
    if merchants and "{payment_id}" in path:
        for other in ("M2", "L"):
            assert opened_by(other) == (404, "NOT_FOUND")
    if not merchants:
        assert opened_by("M1") == insufficient
    if KeyKind.OPERATOR not in kinds:
        assert opened_by("operator") == insufficient
    admin = send(api, path, verb, TOKEN, keys.payment_id)
    assert (admin == (401, "API_KEY_INVALID")) is ((path, verb) != ("/api-keys", "post"))
    right = opened_by("M1" if merchants else "operator")
    assert right[0] not in (401, 403), right


def test_the_admin_token_makes_the_first_operator_s_key_and_no_merchant_s(api: Api, keys: Keys) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    refused = api.http.post("/api-keys", json={"name": "shop", "merchantId": "M1"}, headers=headers)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "INSUFFICIENT_SCOPE")
    answer = api.http.post("/api-keys", json={"name": "kim"}, headers=headers)
    assert answer.status_code == 200
    assert send(api, "/merchants", "get", answer.get_json()["key"], 1) == (200, None)
