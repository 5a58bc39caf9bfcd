"""Use cases of merchants and keys: make, suspend, rotate, revoke. Each runs in the caller's transaction, is noted with
its actor, and raises the epoch, so that every process forgets what it knew of keys.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from payments.merchants import granting, store
from payments.merchants.hashing import Peppers
from payments.merchants.key_form import CELL, KeyText, Prefix, new_key
from payments.merchants.new_key import NewKey, described
from payments.merchants.rules import (
    EVERYBODY,
    KEY_LIMIT,
    SCOPES_OF,
    ApiKey,
    KeyKind,
    KeyState,
    MerchantState,
    Mode,
    is_rotating,
    prefix_of,
    rotated,
)
from payments.merchants.store import Merchant, StoredKey
from payments.platform.clock import database_now
from payments.platform.connectors import ConnectorName
from payments.platform.errors import (
    ApiKeyConflict,
    MerchantExists,
    NotFound,
    RotationInProgress,
    TooManyKeys,
    ValidationFailed,
)
from payments.platform.operators import note_action
from payments.platform.values.iban import NO_IBAN, NoIban
from payments.platform.values.time_zones import UTC


def create_merchant(
    connection: Connection,
    merchant_id: str,
    name: str,
    mode: Mode,
    actor: str,
    connector: ConnectorName = ConnectorName.NONE,
    *,
    time_zone: str = UTC,
    iban: str | None = None,
) -> Merchant:
    """Make a merchant. `time_zone` and `iban` are checked by the caller. Raises MerchantExists, also for EVERYBODY."""
    if merchant_id == EVERYBODY:
        raise MerchantExists(f"{EVERYBODY} stands for all merchants, as in fee schedules.")
    now = database_now(connection)
    new = Merchant(merchant_id, name, mode, CELL, MerchantState.ACTIVE, now, connector, time_zone, iban)
    try:
        with connection.begin_nested():
            store.add_merchant(connection, new)
    except IntegrityError:
        raise MerchantExists(f"There is a merchant {merchant_id} already.") from None
    detail = f"{mode}: {name}" if connector is ConnectorName.NONE else f"{mode}, connector {connector}: {name}"
    _note(connection, actor, "merchant.create", f"merchant {merchant_id}", detail)
    return new


def change_merchant(
    connection: Connection,
    merchant_id: str,
    reason: str,
    actor: str,
    *,
    state: MerchantState | None = None,
    connector: ConnectorName | None = None,
    time_zone: str | None = None,
    iban: str | NoIban | None = None,
) -> Merchant:
    """Change what is given; None, and again, is no change. NO_IBAN: it has no account any more.

    Payments that are there keep their connector, batches their cut-off, and payout files their accounts. Raises
    NotFound.
    """
    found = store.get_merchant(connection, merchant_id, lock=True)
    if found is None:
        raise NotFound(f"There is no merchant {merchant_id}.")
    changed = replace(
        found,
        state=state or found.state,
        connector=connector or found.connector,
        time_zone=time_zone or found.time_zone,
        iban=None if iban is NO_IBAN else iban or found.iban,
    )
    store.save_merchant(connection, changed)
    for action, detail in _changes(found, changed):
        _note(connection, actor, action, f"merchant {merchant_id}", f"{detail}{reason}")
    return changed


def _changes(before: Merchant, after: Merchant) -> Iterator[tuple[str, str]]:
    """What changed: (action, what comes before the reason). Of an account the last four characters are enough."""
    if after.state is not before.state:
        yield "merchant.suspend" if after.state is MerchantState.SUSPENDED else "merchant.activate", ""
    if after.connector is not before.connector:
        yield "merchant.connect", f"{before.connector} to {after.connector}: "
    if after.time_zone != before.time_zone:
        yield "merchant.time_zone", f"{before.time_zone} to {after.time_zone}: "
    if after.iban != before.iban:
        yield "merchant.iban", f"{_shortened(before.iban)} to {_shortened(after.iban)}: "


def _shortened(iban: str | None) -> str:
    return "none" if iban is None else f"…{iban[-4:]}"


def create_key(
    connection: Connection, peppers: Peppers, new: NewKey, actor: str, *, granter: ApiKey | None = None
) -> tuple[ApiKey, KeyText]:
    """Make a key; returns it with its text, which nothing can show again.

    A `granter`, the key that asks, hands down what is left open: scopes, networks, end.
    Raises NotFound, ValidationFailed, TooManyKeys, and the errors of granting.check.
    """
    text = new_key(prefix_of_new(connection, new))
    if granter is not None and granter.kind is KeyKind.MERCHANT:
        new = new.handed_down(granter)
    key = add_key(connection, peppers, text, new, "key.create", actor)
    if granter is not None:
        granting.check(connection, granter, key)
    return key, text


def prefix_of_new(connection: Connection, new: NewKey) -> Prefix:
    """The prefix that the text of `new` must have. Raises NotFound, or ValidationFailed for scopes of another kind."""
    if foreign := [scope.value for scope in new.scopes if scope not in SCOPES_OF[new.kind]]:
        raise _invalid("scopes", f"{', '.join(foreign)}: not for a key of this kind")
    return prefix_of(new.kind, _mode(connection, new.merchant_id))


def add_key(connection: Connection, peppers: Peppers, text: KeyText, new: NewKey, action: str, actor: str) -> ApiKey:
    """Store and note a key whose text is known and checked.

    Raises TooManyKeys, or sqlalchemy IntegrityError when its id is taken.
    """
    now = _now_with_room(connection, new.merchant_id, text.key_id)
    key = ApiKey(
        text.key_id,
        new.kind,
        new.merchant_id,
        new.name,
        text.last,
        frozenset(new.scopes or SCOPES_OF[new.kind]),
        new.allowed_networks,
        now,
        new.expires_at if new.lifetime is None else now + new.lifetime,
    )
    store.add_key(connection, key, *peppers.hash(text))
    _note(connection, actor, action, f"key {key.key_id}", described(key))
    return key


def rotate(
    connection: Connection,
    peppers: Peppers,
    key_id: str,
    overlap: timedelta,
    actor: str,
    *,
    granter: ApiKey | None = None,
) -> tuple[ApiKey, KeyText]:
    """Replace a key; the old one ends after `overlap`, or at its own end. Returns the successor with its text.

    Raises NotFound (also for a key that is not of `granter`'s merchant), RotationInProgress, ApiKeyConflict for a key
    that has ended, and the errors of granting.check: the successor's text would be the granter's.
    """
    found = _locked(connection, key_id, granter)
    now = database_now(connection)
    if found.key.state(now) is not KeyState.ACTIVE:
        raise ApiKeyConflict(f"Key {key_id} is {found.key.state(now)}; make a new key.")
    if is_rotating(found.key, now):
        raise RotationInProgress(f"Key {key_id} is being replaced by key {found.key.successor_id}.")
    mode = None if found.merchant is None else found.merchant.mode
    text = new_key(prefix_of(found.key.kind, mode))
    old, successor = rotated(found.key, text.key_id, text.last, now, overlap)
    store.add_key(connection, successor, *peppers.hash(text))
    store.end_key(connection, old)
    detail = f"key {successor.key_id} replaces it; overlap {int(overlap.total_seconds())} s"
    _note(connection, actor, "key.rotate", f"key {key_id}", detail)
    if granter is not None and granter.key_id != key_id:  # what a key takes over from itself is no more than it had
        granting.check(connection, granter, successor)
    return successor, text


def revoke(connection: Connection, key_id: str, reason: str, actor: str, *, granter: ApiKey | None = None) -> ApiKey:
    """End a key at once; again is no change. Raises NotFound, as `rotate`."""
    key = _locked(connection, key_id, granter).key
    if key.revoked_at is not None:
        return key
    revoked = replace(key, revoked_at=database_now(connection))
    store.end_key(connection, revoked)
    _note(connection, actor, "key.revoke", f"key {key_id}", reason)
    return revoked


def _now_with_room(connection: Connection, merchant_id: str | None, key_id: str) -> datetime:
    """The time at which there is room for a key, until the transaction ends. Raises TooManyKeys for one that is new."""
    if merchant_id is None:
        store.lock_epoch(connection)
    else:
        store.get_merchant(connection, merchant_id, lock=True)
    now = database_now(connection)
    if store.count_active(connection, merchant_id, now) >= KEY_LIMIT and store.get_key(connection, key_id) is None:
        owner = "operators" if merchant_id is None else f"merchant {merchant_id}"
        raise TooManyKeys(f"There are {KEY_LIMIT} keys of {owner} that have not ended; revoke one first.")
    return now


def _mode(connection: Connection, merchant_id: str | None) -> Mode | None:
    if merchant_id is None:
        return None
    owner = store.get_merchant(connection, merchant_id)
    if owner is None:
        raise NotFound(f"There is no merchant {merchant_id}.")
    return owner.mode


def _locked(connection: Connection, key_id: str, granter: ApiKey | None) -> StoredKey:
    found = store.get_key(connection, key_id, lock=True)
    merchant_id = None if granter is None else granter.merchant_id
    if found is None or merchant_id not in (None, found.key.merchant_id):
        raise NotFound(f"There is no key {key_id}.")
    return found


def _invalid(field: str, message: str) -> ValidationFailed:
    return ValidationFailed(f"{field} {message}", ((field, message),))


def _note(connection: Connection, actor: str, action: str, target: str, detail: str) -> None:
    note_action(connection, actor, action, target, detail)
    store.raise_epoch(connection)
