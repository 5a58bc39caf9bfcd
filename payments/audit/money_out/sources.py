"""What the postings of sources other than events changed, against what they must have changed. Pure.

Both are sums of debits − credits by account, currency and merchant, so it does not matter how a sum was divided.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from payments.audit.snapshot import Difference, FindingKind
from payments.ledger.rules import Account

Key = tuple[str, str, str | None]
"""(account, currency, merchant)."""
Net = Counter[Key]
"""Debits − credits in minor units."""


class SourceEntry(NamedTuple):
    """One posting of a source; `amount` in minor units."""

    source_id: int
    debit: str
    credit: str
    amount: int
    currency: str
    merchant_id: str | None


def net_of(entries: Iterable[SourceEntry]) -> dict[int, Net]:
    """What each source's postings changed; those without postings are absent."""
    changed: dict[int, Net] = {}
    for entry in entries:
        own = changed.setdefault(entry.source_id, Counter())
        own[entry.debit, entry.currency, entry.merchant_id] += entry.amount
        own[entry.credit, entry.currency, entry.merchant_id] -= entry.amount
    return changed


def net(currency: str, merchant_id: str | None, debits: Mapping[Account, int]) -> Net:
    """What postings of one currency and merchant must change, debits − credits by account."""
    return Counter({(account.value, currency, merchant_id): amount for account, amount in debits.items()})


def together(nets: Iterable[Net]) -> Net:
    """The sum; `+` of Counters would drop what is not above 0."""
    total: Net = Counter()
    for each in nets:
        total.update(each)
    return total


def is_same(one: Net, other: Net) -> bool:
    """Whether they change the same; an account without a change is as one that is absent."""
    return not any(one[key] != other[key] for key in one.keys() | other.keys())


def wrong_postings(found: Net, wanted: Net) -> Iterator[str]:
    """A sentence for each account that the postings did not change as they must."""
    for key in sorted(found.keys() | wanted.keys(), key=repr):
        if found[key] != wanted[key]:
            account, currency, merchant_id = key
            of = "" if merchant_id is None else f" of {merchant_id}"
            yield f"debits − credits of {account}{of} are {found[key]} {currency}, they must be {wanted[key]}"


def differs(what: str, found: object, wanted: object) -> Iterator[str]:
    """A sentence when the two are not equal."""
    if found != wanted:
        yield f"{what} is {found}, it must be {wanted}"


def finding(kind: FindingKind, subject: str, faults: Iterable[str]) -> list[Difference]:
    """One finding with all that is wrong about a subject; none when nothing is."""
    said = list(faults)
    return [Difference(kind, None, f"{subject}: {'; '.join(said)}", subject)] if said else []
