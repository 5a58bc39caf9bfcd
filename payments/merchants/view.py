"""Merchants and keys as they are shown; a new key's text is in the one answer that makes it, and nowhere else."""

from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import Connection

from payments.merchants import store
from payments.merchants.key_form import KeyText
from payments.merchants.rules import ApiKey as Key
from payments.merchants.rules import KeyKind, KeyState, MerchantState, Mode, Scope
from payments.merchants.store import Merchant as StoredMerchant
from payments.outbox.rules import format_time
from payments.platform.clock import database_now
from payments.platform.json_types import JsonObject, OneOf, Time


@dataclass(frozen=True, slots=True)
class Merchant(JsonObject):
    """Who is paid. Test merchants and live ones never see each other."""

    merchant_id: str
    name: str
    mode: Annotated[str, OneOf(Mode)]
    cell: str
    state: Annotated[str, OneOf(MerchantState)]
    created_at: Time


@dataclass(frozen=True, slots=True)
class ApiKey(JsonObject):
    """A key without its secret; `merchantId` is null for operators' keys, `expiresAt` for one without an end."""

    key_id: str
    kind: Annotated[str, OneOf(KeyKind)]
    merchant_id: str | None
    name: str
    last4: str
    scopes: list[Annotated[str, OneOf(Scope)]]
    allowed_networks: list[str]
    state: Annotated[str, OneOf(KeyState)]
    created_at: Time
    expires_at: Time | None
    revoked_at: Time | None
    successor_id: str | None


@dataclass(frozen=True, slots=True)
class NewApiKey(ApiKey):
    """A key that was just made, with its text: it is shown here and never again."""

    key: str


def merchant(found: StoredMerchant) -> Merchant:
    """A merchant as it is shown."""
    return Merchant(
        found.merchant_id,
        found.name,
        found.mode.value,
        found.cell,
        found.state.value,
        format_time(found.created_at),
    )


def merchants(connection: Connection, after: str, limit: int) -> tuple[list[Merchant], str | None]:
    """Merchants in the order of their ids behind `after`, and the id behind which the next page begins (None: last)."""
    found = store.merchants(connection, after, limit + 1)
    items = [merchant(one) for one in found[:limit]]
    return items, items[-1].merchant_id if len(found) > limit else None


def api_keys(
    connection: Connection, merchant_id: str | None, after: str, limit: int
) -> tuple[list[ApiKey], str | None]:
    """Keys in the order of their ids, of one merchant or of all; as `merchants`."""
    found = store.keys(connection, merchant_id, after, limit + 1)
    now = database_now(connection)
    items = [ApiKey(*_values(key, key.state(now))) for key in found[:limit]]
    return items, items[-1].key_id if len(found) > limit else None


def api_key(connection: Connection, key: Key) -> ApiKey:
    """A key as it is shown now."""
    return ApiKey(*_values(key, key.state(database_now(connection))))


def new_api_key(key: Key, text: KeyText) -> NewApiKey:
    """A new key with its text."""
    return NewApiKey(*_values(key, KeyState.ACTIVE), key=text.text)


def _values(
    key: Key, state: KeyState
) -> tuple[str, str, str | None, str, str, list[str], list[str], str, str, str | None, str | None, str | None]:
    return (
        key.key_id,
        key.kind.value,
        key.merchant_id,
        key.name,
        key.last,
        sorted(key.scopes),
        [str(network) for network in key.allowed_networks],
        state.value,
        format_time(key.created_at),
        None if key.expires_at is None else format_time(key.expires_at),
        None if key.revoked_at is None else format_time(key.revoked_at),
        key.successor_id,
    )
