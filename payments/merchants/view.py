"""Merchants and keys as they are shown; a new key's text is in the one answer that makes it, and nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from sqlalchemy import Connection

from payments.merchants import store, use_store
from payments.merchants.key_form import KeyText
from payments.merchants.rules import SCOPES_OF, KeyKind, KeyState, MerchantState, Mode, Scope
from payments.merchants.rules import ApiKey as Key
from payments.merchants.store import Merchant as StoredMerchant
from payments.merchants.use_store import UNUSED, Use
from payments.merchants.verification import Caller
from payments.outbox.rules import format_time
from payments.platform.clock import database_now
from payments.platform.connectors import ConnectorName
from payments.platform.json_types import Count, JsonObject, OneOf, Time

COUNTED: Final = timedelta(days=29)
"""Days before today whose calls are shown, with today's."""
_WITHOUT_KEY: Final = "admin token"


@dataclass(frozen=True, slots=True)
class Merchant(JsonObject):
    """Who is paid. Test merchants and live ones never see each other. `iban` is null where none is known."""

    merchant_id: str
    name: str
    mode: Annotated[str, OneOf(Mode)]
    cell: str
    state: Annotated[str, OneOf(MerchantState)]
    connector: Annotated[str, OneOf(ConnectorName)]
    time_zone: str
    iban: str | None
    created_at: Time


@dataclass(frozen=True, slots=True)
class ApiKey(JsonObject):
    """A key without its secret; `merchantId` is null for operators' keys, `expiresAt` for one without an end.

    Its use is written seconds after the calls. `callsLast30Days`: today (UTC) and the 29 days before it.
    """

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
    last_used_at: Time | None
    calls_last_30_days: Count


@dataclass(frozen=True, slots=True)
class NewApiKey(ApiKey):
    """A key that was just made, with its text: it is shown here and never again."""

    key: str


@dataclass(frozen=True, slots=True)
class CurrentApiKey(JsonObject):
    """Who is asking. By the admin token `keyId` is null; `merchantId` and `mode` are null for operators."""

    kind: Annotated[str, OneOf(KeyKind)]
    key_id: str | None
    name: str
    merchant_id: str | None
    mode: Annotated[str, OneOf(Mode)] | None
    scopes: list[Annotated[str, OneOf(Scope)]]
    expires_at: Time | None


def merchant(found: StoredMerchant) -> Merchant:
    """A merchant as it is shown."""
    return Merchant(
        found.merchant_id,
        found.name,
        found.mode.value,
        found.cell,
        found.state.value,
        found.connector.value,
        found.time_zone,
        found.iban,
        format_time(found.created_at),
    )


def merchants(
    connection: Connection, after: str, limit: int, merchant_id: str | None = None
) -> tuple[list[Merchant], str | None]:
    """Merchants in the order of their ids behind `after`, or the one with this id.

    Also returns the id behind which the next page begins (None: last).
    """
    found = store.merchants(connection, after, limit + 1, merchant_id)
    items = [merchant(one) for one in found[:limit]]
    return items, items[-1].merchant_id if len(found) > limit else None


def api_keys(
    connection: Connection,
    merchant_id: str | None,
    after: str,
    limit: int,
    *,
    kind: str | None = None,
    key_id: str | None = None,
) -> tuple[list[ApiKey], str | None]:
    """Keys in the order of their ids, of one merchant or of all; as `merchants`."""
    found = store.keys(connection, merchant_id, after, limit + 1, kind=kind, key_id=key_id)
    items = _shown(connection, found[:limit])
    return items, items[-1].key_id if len(found) > limit else None


def api_key(connection: Connection, key: Key) -> ApiKey:
    """A key as it is shown now."""
    return _shown(connection, [key])[0]


def new_api_key(key: Key, text: KeyText) -> NewApiKey:
    """A new key with its text."""
    return NewApiKey(*_values(key, KeyState.ACTIVE, UNUSED), key=text.text)


def current(caller: Caller | None) -> CurrentApiKey:
    """Who is asking; `caller` None: by the admin token, which opens what operators' keys open."""
    if caller is None:
        scopes = sorted(SCOPES_OF[KeyKind.OPERATOR])
        return CurrentApiKey(KeyKind.OPERATOR.value, None, _WITHOUT_KEY, None, None, [*scopes], None)
    key, owner = caller.key, caller.merchant
    return CurrentApiKey(
        key.kind.value,
        key.key_id,
        key.name,
        key.merchant_id,
        None if owner is None else owner.mode.value,
        sorted(key.scopes),
        None if key.expires_at is None else format_time(key.expires_at),
    )


def _shown(connection: Connection, keys: Sequence[Key]) -> list[ApiKey]:
    now = database_now(connection)
    used = use_store.uses(connection, [key.key_id for key in keys], (now - COUNTED).date())
    return [ApiKey(*_values(key, key.state(now), used.get(key.key_id, UNUSED))) for key in keys]


def _values(
    key: Key, state: KeyState, use: Use
) -> tuple[
    str, str, str | None, str, str, list[str], list[str], str, str, str | None, str | None, str | None, str | None, int
]:
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
        None if use.last_used_at is None else format_time(use.last_used_at),
        use.calls,
    )
