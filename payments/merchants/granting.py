"""What a key may give to those that it makes or rotates: nothing that it does not have, and nothing once it has ended.

A merchant's key gives no other scope, no other network and no later end, so a stolen one cannot outlive itself by a
new key. An operator's key with `administer` may make any key.
"""

from sqlalchemy import Connection

from payments.merchants import store
from payments.merchants.rules import ApiKey, KeyKind, exceeds
from payments.merchants.verification import check_usable
from payments.platform.clock import database_now
from payments.platform.errors import ApiKeyInvalid, InsufficientScope


def check(connection: Connection, granter: ApiKey, given: ApiKey) -> None:
    """Check that `granter` may have the text of `given`.

    To be called after the epoch was raised: an end of the granter that was committed is seen, a later one waits. Raises
    ApiKeyInvalid, ApiKeyExpired or MerchantSuspended as its next use will, and InsufficientScope.
    """
    stored = store.get_key(connection, granter.key_id)
    if stored is None:
        raise ApiKeyInvalid
    check_usable(stored, database_now(connection))
    if stored.key.kind is KeyKind.MERCHANT and exceeds(given, stored.key):
        raise InsufficientScope
