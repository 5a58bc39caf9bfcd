"""Verifies API keys: by what this process knows of the key, else checksum and one read; compared in constant time.

What is known is kept for KEPT seconds and forgotten when the epoch moves, which every change of a key or merchant
raises. The epoch is asked off the request's way (`set_epoch`). Only so many unknown keys of an address are read.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from payments.merchants.hashing import Peppers
from payments.merchants.key_form import ID_PART, parse
from payments.merchants.lookups import Lookups
from payments.merchants.rules import ApiKey, KeyState, MerchantState
from payments.merchants.store import Merchant, StoredKey
from payments.platform.clock import Clock
from payments.platform.errors import ApiKeyExpired, ApiKeyInvalid, MerchantSuspended, NetworkNotAllowed

KEPT: Final = 60.0
"""Seconds for which a key works without the database."""
KNOWN_LIMIT: Final = 10_000
"""Keys that are kept; beyond that the one read first is forgotten."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """A key as it was read (None: there is none), and the database's time then (UTC)."""

    stored: StoredKey | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, and when (UTC, by the database's clock). `merchant` None: an operator."""

    key: ApiKey
    merchant: Merchant | None
    at: datetime


@dataclass(frozen=True, slots=True)
class _Known:
    stored: StoredKey
    now: datetime
    read_at: float
    epoch: int


class Verifier:
    """The keys that one process knows."""

    def __init__(self, peppers: Peppers, read: Callable[[str], Reading], clock: Clock) -> None:
        """`read(key_id)` reads one key; it raises ServiceUnavailable when the database does not answer."""
        self._peppers = peppers
        self._read = read
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._lookups = Lookups(clock)
        self._epoch = 0

    @property
    def epoch(self) -> int:
        """The newest epoch that was noted."""
        return self._epoch

    def set_epoch(self, epoch: int) -> None:
        """Note the database's epoch; when it moved, everything that was read before is read again."""
        self._epoch = epoch

    def verify(self, text: str, address: str) -> Caller:
        """The caller with this key at this client address.

        Raises ApiKeyInvalid (also for a revoked key), ApiKeyExpired (its secret was right), MerchantSuspended,
        NetworkNotAllowed; TooManyWrongKeys for a key that never was known here; and ServiceUnavailable for one that is
        not known while the database does not answer.
        """
        known = self._fresh(text[ID_PART])
        if known is None and (key := parse(text)) is not None:
            known = self._read_anew(key.key_id, address)
        if known is None or not self._peppers.matches(text, known.stored.hash, known.stored.pepper_no):
            raise ApiKeyInvalid
        return _admitted(known.stored, known.now + timedelta(seconds=self._clock() - known.read_at), address)

    def is_wrong(self, text: str, address: str) -> bool:
        """Whether `verify` would raise ApiKeyInvalid or TooManyWrongKeys for an unknown key or secret without a read.

        False where only a read can tell. Never raises.
        """
        known = self._fresh(text[ID_PART])
        if known is not None:
            return not self._peppers.matches(text, known.stored.hash, known.stored.pepper_no)
        key = parse(text)
        return key is None or not (key.key_id in self._known or self._lookups.are_left(address))

    def _fresh(self, key_id: str) -> _Known | None:
        known = self._known.get(key_id)
        fresh = known is not None and known.epoch == self._epoch and self._clock() - known.read_at < KEPT
        return known if fresh else None

    def _read_anew(self, key_id: str, address: str) -> _Known | None:
        now, epoch = self._clock(), self._epoch  # of before the read: a change that commits meanwhile makes it old
        reading = self._read(key_id) if key_id in self._known else self._look_up(key_id, address)
        self._known.pop(key_id, None)
        if (stored := reading.stored) is None:
            return None
        if not self._peppers.know(stored.pepper_no):  # its holder is told that it is invalid, and cannot know why
            _log.warning("key_pepper_unknown", extra={"key_id": key_id, "pepper": stored.pepper_no})
        known = self._known[key_id] = _Known(stored, reading.now, now, epoch)
        if len(self._known) > KNOWN_LIMIT:
            del self._known[next(iter(self._known))]
        return known

    def _look_up(self, key_id: str, address: str) -> Reading:
        self._lookups.take(address)
        found = True  # also where the database does not answer: nobody is refused for that
        try:
            reading = self._read(key_id)
            found = reading.stored is not None
            return reading
        finally:
            if found:
                self._lookups.give_back(address)


def check_usable(stored: StoredKey, now: datetime) -> None:
    """Check that the key and its merchant have not ended. Raises ApiKeyInvalid, ApiKeyExpired, MerchantSuspended."""
    state = stored.key.state(now)
    if state is KeyState.REVOKED:
        raise ApiKeyInvalid
    if state is KeyState.EXPIRED:
        raise ApiKeyExpired
    if stored.merchant is not None and stored.merchant.state is MerchantState.SUSPENDED:
        raise MerchantSuspended


def _admitted(stored: StoredKey, now: datetime, address: str) -> Caller:
    check_usable(stored, now)
    if not stored.key.permits(address):
        raise NetworkNotAllowed
    return Caller(stored.key, stored.merchant, now)
