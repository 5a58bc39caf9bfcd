"""Merchants and API keys in their tables. A key's text is never stored, only its hash (`merchants.hashing`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, func, insert, or_, select, update

from payments.merchants.rules import ApiKey, KeyKind, MerchantState, Mode, Scope
from payments.platform.connectors import ConnectorName
from payments.platform.tables.merchants import api_key, key_epoch, merchant
from payments.platform.values.time_zones import UTC

EPOCH: Final = "keys"


@dataclass(frozen=True, slots=True)
class Merchant:
    """One merchant."""

    merchant_id: str
    name: str
    mode: Mode
    cell: str
    state: MerchantState
    created_at: datetime
    connector: ConnectorName = ConnectorName.NONE
    """Where the money of its new payments is held."""
    time_zone: str = UTC
    """When its day ends, and with it a settlement batch."""
    iban: str | None = None
    """Where it is paid, without spaces. None: only by files that name no accounts."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key with what its use depends on. `merchant` None: an operator's."""

    key: ApiKey
    hash: str
    pepper_no: int
    merchant: Merchant | None


_MERCHANT: Final = select(merchant).where(merchant.c.merchant_id == bindparam("merchant_id"))
_OF_MERCHANT: Final = [column.label(f"merchant_{column.name}") for column in merchant.c]
_KEY: Final = (
    select(api_key, *_OF_MERCHANT)
    .select_from(api_key.outerjoin(merchant, merchant.c.merchant_id == api_key.c.merchant_id))
    .where(api_key.c.key_id == bindparam("id"))
)
_EPOCH: Final = select(key_epoch.c.epoch).where(key_epoch.c.name == EPOCH)
_RAISE: Final = update(key_epoch).where(key_epoch.c.name == EPOCH).values(epoch=key_epoch.c.epoch + 1)


def add_merchant(connection: Connection, new: Merchant) -> None:
    """Store a merchant. Raises sqlalchemy IntegrityError when there is one with its id."""
    values = {
        "merchant_id": new.merchant_id,
        "name": new.name,
        "mode": new.mode.value,
        "cell": new.cell,
        "state": new.state.value,
        "created_at": new.created_at,
        "connector": new.connector.value,
        "time_zone": new.time_zone,
        "iban": new.iban,
    }
    connection.execute(insert(merchant), values)


def get_merchant(connection: Connection, merchant_id: str, *, lock: bool = False) -> Merchant | None:
    """One merchant, or None. `lock`: nobody changes it until the transaction ends (SQLite locks the whole file)."""
    statement = _MERCHANT.with_for_update() if lock else _MERCHANT
    row = connection.execute(statement, {"merchant_id": merchant_id}).first()
    return None if row is None else _merchant(row, "")


def merchants(connection: Connection, after: str, limit: int, merchant_id: str | None = None) -> list[Merchant]:
    """Merchants in the order of their ids, or the one with this id: at most `limit`, behind `after`."""
    query = select(merchant).where(merchant.c.merchant_id > after)
    if merchant_id is not None:
        query = query.where(merchant.c.merchant_id == merchant_id)
    return [_merchant(row, "") for row in connection.execute(query.order_by(merchant.c.merchant_id).limit(limit))]


def save_merchant(connection: Connection, changed: Merchant) -> None:
    """Write what can change of a merchant that this transaction has locked."""
    values = {
        "state": changed.state.value,
        "connector": changed.connector.value,
        "time_zone": changed.time_zone,
        "iban": changed.iban,
    }
    connection.execute(update(merchant).where(merchant.c.merchant_id == changed.merchant_id).values(values))


def add_key(connection: Connection, key: ApiKey, hashed: str, pepper_no: int) -> None:
    """Store a key."""
    values = {
        "key_id": key.key_id,
        "kind": key.kind.value,
        "merchant_id": key.merchant_id,
        "name": key.name,
        "hash": hashed,
        "pepper_no": pepper_no,
        "last4": key.last,
        "scopes": " ".join(sorted(key.scopes)),
        "allowed_networks": " ".join(map(str, key.allowed_networks)),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
    }
    connection.execute(insert(api_key), values)


def get_key(connection: Connection, key_id: str, *, lock: bool = False) -> StoredKey | None:
    """One key with its merchant, or None. `lock` as in `get_merchant`."""
    statement = _KEY.with_for_update(of=api_key) if lock and connection.dialect.name != "sqlite" else _KEY
    row = connection.execute(statement, {"id": key_id}).first()
    if row is None:
        return None
    owner = None if row.merchant_id is None else _merchant(row, "merchant_")
    return StoredKey(_key(row), row.hash, row.pepper_no, owner)


def keys(
    connection: Connection,
    merchant_id: str | None,
    after: str,
    limit: int,
    *,
    kind: str | None = None,
    key_id: str | None = None,
) -> list[ApiKey]:
    """Keys in the order of their ids, of all that is given alike: at most `limit`, behind `after`."""
    query = select(api_key).where(api_key.c.key_id > after)
    for column, wanted in ((api_key.c.merchant_id, merchant_id), (api_key.c.kind, kind), (api_key.c.key_id, key_id)):
        if wanted is not None:
            query = query.where(column == wanted)
    return [_key(row) for row in connection.execute(query.order_by(api_key.c.key_id).limit(limit))]


def count_active(connection: Connection, merchant_id: str | None, now: datetime) -> int:
    """How many keys of a merchant, or of operators (None), have not ended at `now`."""
    mine = api_key.c.merchant_id.is_(None) if merchant_id is None else api_key.c.merchant_id == merchant_id
    ends = or_(api_key.c.expires_at.is_(None), api_key.c.expires_at > now)
    query = select(func.count()).select_from(api_key).where(mine, api_key.c.revoked_at.is_(None), ends)
    return int(connection.execute(query).scalar_one())


def end_key(connection: Connection, key: ApiKey) -> None:
    """Write the end, revocation and successor of `key`."""
    values = {"expires_at": key.expires_at, "revoked_at": key.revoked_at, "successor_id": key.successor_id}
    connection.execute(update(api_key).where(api_key.c.key_id == key.key_id).values(values))


def epoch(connection: Connection) -> int:
    """The number that every change of a merchant or key raises."""
    return int(connection.execute(_EPOCH).scalar_one())


def lock_epoch(connection: Connection) -> None:
    """No other transaction changes a merchant or key until this one ends (SQLite locks the whole file)."""
    connection.execute(_EPOCH.with_for_update())


def raise_epoch(connection: Connection) -> None:
    """Tell the caches of all processes, when the transaction commits, that something changed."""
    connection.execute(_RAISE)


def _merchant(row: Row[Any], prefix: str) -> Merchant:
    values = row._mapping
    return Merchant(
        values[f"{prefix}merchant_id"],
        values[f"{prefix}name"],
        Mode(values[f"{prefix}mode"]),
        values[f"{prefix}cell"],
        MerchantState(values[f"{prefix}state"]),
        values[f"{prefix}created_at"],
        ConnectorName(values[f"{prefix}connector"]),
        values[f"{prefix}time_zone"],
        values[f"{prefix}iban"],
    )


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        row.key_id,
        KeyKind(row.kind),
        row.merchant_id,
        row.name,
        row.last4,
        _scopes(row.scopes),
        tuple(ip_network(text) for text in row.allowed_networks.split()),
        row.created_at,
        row.expires_at,
        row.revoked_at,
        row.successor_id,
    )


def _scopes(text: str) -> frozenset[Scope]:
    """Scopes that this release knows; one of a later release opens nothing here."""
    known: Sequence[str] = [scope.value for scope in Scope]
    return frozenset(Scope(word) for word in text.split() if word in known)
