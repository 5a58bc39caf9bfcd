"""Merchants and keys that an installation's own files name: made when they are missing, and never twice.

Each runs in the caller's transaction; what is there already is checked and not changed.
"""

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from payments.merchants import service, store
from payments.merchants.hashing import Peppers
from payments.merchants.key_form import CELL, KeyText
from payments.merchants.new_key import NewKey
from payments.merchants.rules import ApiKey, KeyState, Mode
from payments.merchants.store import Merchant
from payments.platform.clock import database_now
from payments.platform.connectors import ConnectorName
from payments.platform.errors import ApiKeyConflict, MerchantExists
from payments.platform.values.time_zones import UTC


def ensure_merchant(
    connection: Connection,
    merchant_id: str,
    name: str,
    mode: Mode,
    actor: str,
    connector: ConnectorName = ConnectorName.NONE,
    *,
    time_zone: str = UTC,
    iban: str | None = None,
) -> tuple[Merchant, bool]:
    """(the merchant, whether it was just made); one that is there keeps its name, connector and account.

    Raises MerchantExists for one of another mode.
    """
    try:
        made = service.create_merchant(
            connection, merchant_id, name, mode, actor, connector, time_zone=time_zone, iban=iban
        )
        return made, True
    except MerchantExists:
        found = store.get_merchant(connection, merchant_id)
        if found is None or found.mode is not mode:
            raise MerchantExists(f"There is a merchant {merchant_id} already, and it is not {mode}.") from None
        return found, False


def import_key(connection: Connection, peppers: Peppers, text: KeyText, new: NewKey, actor: str) -> tuple[ApiKey, bool]:
    """Store a key that was made elsewhere; (the key, whether it was just stored). Again the same is no change.

    Raises NotFound and ValidationFailed as `create_key`; ApiKeyConflict for a key of another owner or kind, with other
    scopes than those asked for, or that has ended.
    """
    if text.prefix is not service.prefix_of_new(connection, new) or text.cell != CELL:
        raise ApiKeyConflict(f"Key {text.key_id} is of another kind: {text.prefix}, in cell {text.cell}.")
    try:
        with connection.begin_nested():
            return service.add_key(connection, peppers, text, new, "key.import", actor), True
    except IntegrityError:
        return _stored_before(connection, peppers, text, new), False


def _stored_before(connection: Connection, peppers: Peppers, text: KeyText, new: NewKey) -> ApiKey:
    """The key with this text. Raises ApiKeyConflict when what is stored is another, or does not work."""
    stored = store.get_key(connection, text.key_id)
    if stored is None or not peppers.matches(text.text, stored.hash, stored.pepper_no):
        raise ApiKeyConflict(f"Key {text.key_id} is stored with another secret, or under a pepper that is not set.")
    key, state = stored.key, stored.key.state(database_now(connection))
    if key.merchant_id != new.merchant_id:
        raise ApiKeyConflict(f"Key {text.key_id} is not of merchant {new.merchant_id}.")
    if state is not KeyState.ACTIVE:
        raise ApiKeyConflict(f"Key {text.key_id} is {state}; import another one.")
    if new.scopes and key.scopes != frozenset(new.scopes):
        raise ApiKeyConflict(f"Key {text.key_id} has other scopes: {' '.join(sorted(key.scopes))}.")
    return key
