"""Keys of common generators are never refused."""

import os
import random
import time
import uuid
from collections.abc import Callable, Iterator
from itertools import count, islice

import pytest

from app.api.schemas import LONGEST_KEY, AuthorizeBody
from payments.platform.values.card_numbers import contains
from payments.platform.values.sensitive import storable_key

OFTEN, LONG = 30_000, 1_500_000
"""Keys of each kind, in a usual run and with --long; there are seven kinds."""
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _ulid(dice: random.Random) -> str:
    number = (int(time.time() * 1000) << 80) | dice.getrandbits(80)
    return "".join(_CROCKFORD[number >> 5 * place & 31] for place in range(25, -1, -1))


def _uuid7(dice: random.Random) -> str:
    number = (int(time.time() * 1000) << 80) | dice.getrandbits(80)
    number = (number & ~(0xF << 76)) | 7 << 76
    return str(uuid.UUID(int=(number & ~(3 << 62)) | 2 << 62))


def _made(make: Callable[[random.Random], str]) -> Iterator[str]:
    dice = random.Random(os.urandom(8))
    while True:
        yield make(dice)


def _stamped() -> Iterator[str]:
    start = int(time.time() * 1000)
    for number in count():
        yield f"{start + number // 7}{number % 1000:03d}"


KINDS: dict[str, Callable[[], Iterator[str]]] = {
    "16 hex digits": lambda: _made(lambda dice: f"{dice.getrandbits(64):016x}"),
    "32 hex digits": lambda: _made(lambda dice: f"{dice.getrandbits(128):032x}"),
    "UUID4": lambda: _made(lambda dice: str(uuid.UUID(int=dice.getrandbits(128), version=4))),
    "UUID7": lambda: _made(_uuid7),
    "ULID": lambda: _made(_ulid),
    "time stamps with a counter": _stamped,
    "13 to 19 digits": lambda: _made(lambda dice: str(dice.randrange(10**12, 10 ** dice.randint(13, 19)))),
}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", KINDS)
def test_none_is_refused_and_none_is_kept_that_looks_like_a_card_number(kind: str, long: bool) -> None:
    hashed = 0
    for key in islice(KINDS[kind](), LONG if long else OFTEN):
        body = AuthorizeBody.model_validate({"merchantId": "M1", "amount": 1, "currency": "KRW", "idempotencyKey": key})
        assert body.idempotency_key == key
        kept = storable_key(key)
        hashed += kept != key
        assert kept == key or (not contains(kept) and len(kept) <= LONGEST_KEY)
    if kind == "13 to 19 digits":
        assert hashed > 0, "some of them pass for a card number"


@pytest.mark.parametrize(
    "key", ["4111111111111111", "order 4111 1111 1111 1111", "378282246310005", "4111-1111-1111-1111-"]
)
def test_a_key_that_is_a_card_number_is_taken(key: str) -> None:
    AuthorizeBody.model_validate({"merchantId": "M1", "amount": 1, "currency": "KRW", "idempotencyKey": key})
    assert contains(key)
