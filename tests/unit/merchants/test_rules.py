"""The life of a key: states, rotation, networks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.merchants.key_form import Prefix
from payments.merchants.rules import (
    SCOPES_OF,
    ApiKey,
    KeyKind,
    KeyState,
    Mode,
    Scope,
    exceeds,
    is_rotating,
    networks,
    prefix_of,
    rotated,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
KEY = ApiKey(
    "abcdefghij",
    KeyKind.MERCHANT,
    "M1",
    "shop",
    "wxyz",
    frozenset({Scope.PAYMENTS_WRITE}),
    (),
    NOW - timedelta(days=30),
)
times = st.timedeltas(timedelta(days=-400), timedelta(days=400)).map(lambda delta: NOW + delta)
overlaps = st.timedeltas(timedelta(0), timedelta(days=7))


def test_a_key_ends_at_its_end_and_a_revoked_one_at_once() -> None:
    assert KEY.state(NOW) is KeyState.ACTIVE
    ending = replace(KEY, expires_at=NOW)
    assert ending.state(NOW - timedelta(microseconds=1)) is KeyState.ACTIVE
    assert ending.state(NOW) is KeyState.EXPIRED
    assert replace(KEY, revoked_at=NOW + timedelta(days=1)).state(NOW) is KeyState.REVOKED


@given(st.none() | times, overlaps)
def test_a_rotation_never_extends_a_key(end: datetime | None, overlap: timedelta) -> None:
    key = replace(KEY, expires_at=end)
    old, successor = rotated(key, "0123456789", "last", NOW, overlap)
    assert old.expires_at is not None
    assert old.expires_at <= NOW + overlap
    assert end is None or old.expires_at <= end
    assert (old.successor_id, old.key_id) == (successor.key_id, KEY.key_id)
    assert successor == replace(key, key_id="0123456789", last="last", created_at=NOW), "all else is taken over"
    assert is_rotating(old, NOW) is (old.state(NOW) is KeyState.ACTIVE)
    assert not is_rotating(successor, NOW)


@pytest.mark.parametrize(
    ("allowed", "address", "permitted"),
    [
        ((), "203.0.113.7", True),
        ((), "unix", True),
        (("203.0.113.0/24",), "203.0.113.7", True),
        (("203.0.113.0/24",), "::ffff:203.0.113.7", True),
        (("203.0.113.7",), "203.0.113.8", False),
        (("2001:db8::/32",), "2001:db8::1", True),
        (("2001:db8::/32",), "203.0.113.7", False),
        (("203.0.113.0/24",), "unix", False),
    ],
)
def test_networks(allowed: tuple[str, ...], address: str, permitted: bool) -> None:
    assert replace(KEY, allowed_networks=networks(allowed)).permits(address) is permitted


@pytest.mark.parametrize(
    ("mine", "given", "more"),
    [
        ((), (), False),
        ((), ("203.0.113.0/24",), False),
        (("203.0.113.0/24",), (), True),
        (("203.0.113.0/24",), ("203.0.113.7", "203.0.113.128/25"), False),
        (("203.0.113.0/24",), ("203.0.113.7", "203.0.112.0/23"), True),
        (("203.0.113.0/24", "2001:db8::/32"), ("2001:db8::1",), False),
        (("0.0.0.0/0",), ("::/0",), True),
    ],
)
def test_other_networks_are_more(mine: tuple[str, ...], given: tuple[str, ...], more: bool) -> None:
    granter = replace(KEY, allowed_networks=networks(mine))
    assert exceeds(replace(KEY, allowed_networks=networks(given)), granter) is more


@pytest.mark.parametrize(
    "texts",
    [["10.0.0.1/8"], ["nowhere"], [""], ["10.0.0.0/33"], ["10.0.0.1"] * 17, ["fe80::1%eth0"], ["fe80::1%a b"]],
)
def test_what_is_no_network_is_refused(texts: list[str]) -> None:
    with pytest.raises(ValueError, match=r"host bits|does not appear|more than|zone"):
        networks(texts)


def test_prefixes_and_scopes_belong_to_kinds() -> None:
    assert prefix_of(KeyKind.OPERATOR, None) is Prefix.OPERATOR
    assert prefix_of(KeyKind.MERCHANT, Mode.LIVE) is Prefix.LIVE
    assert prefix_of(KeyKind.MERCHANT, Mode.TEST) is Prefix.TEST
    assert set(SCOPES_OF[KeyKind.MERCHANT]) | set(SCOPES_OF[KeyKind.OPERATOR]) == set(Scope)
    assert not set(SCOPES_OF[KeyKind.MERCHANT]) & set(SCOPES_OF[KeyKind.OPERATOR])
