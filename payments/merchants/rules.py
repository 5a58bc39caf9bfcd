"""Who may do what: merchants, kinds of keys, scopes, and the life of a key. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from payments.merchants.key_form import Prefix

EVERYBODY: Final = "*"
"""Where merchants are named, it stands for all of them, so no merchant has this name."""
LONGEST_OVERLAP: Final = timedelta(days=7)
"""How long a rotated key may go on beside its successor."""
LONGEST_LIFETIME: Final = timedelta(days=3660)
"""How far away the end of a new key may be: ten years."""
NETWORK_LIMIT: Final = 16
"""Networks of one key."""
KEY_LIMIT: Final = 100
"""Keys of one merchant, or of operators, that have not ended; rotations may pass it, for their overlap."""

Network = IPv4Network | IPv6Network


class Mode(StrEnum):
    """Test merchants and live ones never see each other."""

    TEST = "TEST"
    LIVE = "LIVE"


class MerchantState(StrEnum):
    """A suspended merchant's keys open nothing, and no payout file pays it."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


class KeyKind(StrEnum):
    """Whose key it is."""

    MERCHANT = "MERCHANT"
    OPERATOR = "OPERATOR"


class Scope(StrEnum):
    """What a key may do; the last three are for operators' keys alone."""

    PAYMENTS_WRITE = "payments:write"
    REFUNDS_WRITE = "refunds:write"
    PAYMENTS_READ = "payments:read"
    WEBHOOKS_MANAGE = "webhooks:manage"
    SETTLEMENTS_READ = "settlements:read"
    KEYS_MANAGE = "keys:manage"
    OPERATE = "operate"
    READ = "read"
    ADMINISTER = "administer"


SCOPES_OF: Final = {
    KeyKind.MERCHANT: tuple(Scope)[:6],
    KeyKind.OPERATOR: tuple(Scope)[6:],
}


class KeyState(StrEnum):
    """What became of a key."""

    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A stored key without its hash. `expires_at` None: it has no end; `allowed_networks` empty: from anywhere."""

    key_id: str
    kind: KeyKind
    merchant_id: str | None
    name: str
    last: str
    scopes: frozenset[Scope]
    allowed_networks: tuple[Network, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    successor_id: str | None = None

    def state(self, now: datetime) -> KeyState:
        """Its state at `now`; it ends at `expires_at`, not after it."""
        if self.revoked_at is not None:
            return KeyState.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return KeyState.EXPIRED
        return KeyState.ACTIVE

    def permits(self, address: str) -> bool:
        """Whether it may be used from this client address; from one that is not an IP address only without networks."""
        if not self.allowed_networks:
            return True
        try:
            client = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(client, "ipv4_mapped", None)
        client = client if mapped is None else mapped
        return any(client in network for network in self.allowed_networks)


def prefix_of(kind: KeyKind, mode: Mode | None) -> Prefix:
    """The prefix of a new key: of its merchant's mode, or of operators."""
    if kind is KeyKind.OPERATOR:
        return Prefix.OPERATOR
    return Prefix.LIVE if mode is Mode.LIVE else Prefix.TEST


def exceeds(key: ApiKey, other: ApiKey) -> bool:
    """Whether `key` opens more than `other`: another scope, from another network, or for longer."""
    return not (
        key.scopes <= other.scopes
        and (not other.allowed_networks or _all_within(key.allowed_networks, other.allowed_networks))
        and (other.expires_at is None or (key.expires_at is not None and key.expires_at <= other.expires_at))
    )


def is_rotating(key: ApiKey, now: datetime) -> bool:
    """Whether the key has a successor and goes on beside it: it must not be rotated again meanwhile."""
    return key.successor_id is not None and key.state(now) is KeyState.ACTIVE


def rotated(key: ApiKey, successor_id: str, last: str, now: datetime, overlap: timedelta) -> tuple[ApiKey, ApiKey]:
    """(the old key, its successor) after a rotation at `now`.

    The successor takes over name, scopes, networks and the end; the old one ends after `overlap`, never later than
    it would have ended anyway.
    """
    until = now + overlap
    ends = until if key.expires_at is None else min(key.expires_at, until)
    successor = replace(key, key_id=successor_id, last=last, created_at=now, revoked_at=None, successor_id=None)
    return replace(key, expires_at=ends, successor_id=successor_id), successor


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """The networks of these texts ("10.0.0.0/8", "192.0.2.7"). Raises ValueError with one that is none."""
    if len(texts) > NETWORK_LIMIT:
        raise ValueError(f"more than {NETWORK_LIMIT} networks")
    found = tuple(ip_network(text) for text in texts)
    if any("%" in str(network) for network in found):  # a zone may be any text, and is of one machine alone
        raise ValueError("a network must not have a zone (%)")
    return found


def _all_within(inner: Sequence[Network], outer: Sequence[Network]) -> bool:
    return bool(inner) and all(any(_is_within(one, other) for other in outer) for one in inner)


def _is_within(one: Network, other: Network) -> bool:
    if isinstance(one, IPv4Network):
        return isinstance(other, IPv4Network) and one.subnet_of(other)
    return isinstance(other, IPv6Network) and one.subnet_of(other)
