"""After a load: checks that every payment answered with 200 is in the ledger, once, and nothing else.

k6 sums the amounts of its 200s; a run has its own merchants, so their accounts must have the same sums.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from load.api import Api
from load.errors import NoAnswer
from load.recording import KINDS

SETTLE_SECONDS: Final = 60.0
"""Seconds without progress after which the remaining requests are given up."""
POSTED_SECONDS: Final = 120.0
QUIET_SECONDS: Final = 10.0
AUDIT_SECONDS: Final = 300.0
"""Housekeeping audits once a minute by default, and slows down under load (ADR 14)."""
POLL_SECONDS: Final = 0.5
PLACES: Final = {
    "authorize": ("customer_hold", "debits"),
    "capture": ("merchant_payable", "credits"),
    "refund": ("merchant_payable", "debits"),
}
"""The account and side that sum exactly the amounts of each kind of request."""
Sums = dict[str, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """The comparison: by kind of request, k6's sum and the ledger's. `faults` is empty when they are equal."""

    answered: Sums
    posted: Sums
    settled: int
    platform: str
    """The result of the platform's audit, in words."""
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Audit:
    """The audit of one run. `own` runs the platform's audit; returns its output, and whether it found nothing."""

    api: Api
    merchants: Sequence[str]
    own: Callable[[], tuple[str, bool]]
    keys: Sequence[str] = field(default=(), repr=False)
    """Those that k6 paid with, in its order; empty: it named merchants."""
    posted_seconds: float = POSTED_SECONDS
    settle_seconds: float = SETTLE_SECONDS

    def posted(self) -> Sums:
        """The ledger's sums of the run's merchants now."""
        sums = dict.fromkeys(KINDS, 0)
        for merchant_id in self.merchants:
            accounts = self.api.balances(merchant_id)
            for kind, (account, side) in PLACES.items():
                sums[kind] += accounts.get(account, {}).get(side, 0)
        return sums

    def posted_before(self) -> Sums:
        """The same before a load, of merchants who may have paid a moment ago: what is in flight is posted first.

        On a platform that others use there is always something, so it waits for QUIET_SECONDS at most.
        """
        _until(lambda: not self.api.in_flight(), QUIET_SECONDS)
        return self.posted()

    def compare(self, answered: Sums, unknown: Iterable[dict[str, Any]], before: Sums) -> Finding:
        """Settle unknown outcomes, wait until all is posted, compare. NoAnswer when the platform does not answer."""
        answered, settled, faults = self._settle(answered, list(unknown))
        all_posted = _until(lambda: not self.api.in_flight(), self.posted_seconds)
        posted = {kind: value - before[kind] for kind, value in self.posted().items()}
        faults += [
            f"{kind}: k6 was answered 200 for {answered[kind]:,}, the ledger has {posted[kind]:,}"
            for kind in KINDS
            if answered[kind] != posted[kind]
        ]
        if answered != posted and not all_posted:
            faults.append(f"after {self.posted_seconds:g} s there are still events that the ledger has not posted")
        platform, agrees = self.own()
        if not agrees:
            faults.append(platform)
        return Finding(answered, posted, settled, platform, faults)

    def _settle(self, answered: Sums, unknown: list[dict[str, Any]]) -> tuple[Sums, int, list[str]]:
        """Repeat, with its key, each request whose outcome is unknown."""
        sums, still_open = dict(answered), []
        deadline = time.monotonic() + self.settle_seconds
        for request in unknown:
            status = self._outcome(request, deadline)
            if status is None:
                still_open.append(request)
                continue
            deadline = time.monotonic() + self.settle_seconds
            if status == 200:
                sums[request["unknown"]] += request["amount"]
        faults = []
        if still_open:
            faults.append(f"{len(still_open)} requests have no outcome, the first with key {still_open[0]['key']}")
        return sums, len(unknown) - len(still_open), faults

    def _outcome(self, request: dict[str, Any], deadline: float) -> int | None:
        """The status that settles it; None when none comes in time."""
        statuses: list[int] = []
        api_key = self.keys[request["payer"]] if "payer" in request else ""

        def is_settled() -> bool:
            try:
                statuses.append(self.api.pay(request["path"], request["body"], request["key"], api_key))
            except NoAnswer:
                return False
            return statuses[-1] < 500 and statuses[-1] != 429

        # the deadline counts from the last one settled, so that a dead platform is not asked a thousand times
        remaining = deadline - time.monotonic()
        return statuses[-1] if remaining > 0 and _until(is_settled, remaining) else None


def newest_audit(api: Api, seconds: float = AUDIT_SECONDS) -> tuple[str, bool]:
    """The result of housekeeping's next audit, for platforms whose database is not reachable."""
    since = api.trial_balance()["asOf"]
    found: dict[str, Any] = {}

    def is_new() -> bool:
        found.update(api.trial_balance()["audit"] or {})
        return bool(found.get("at", "") > since)

    if not _until(is_new, seconds):
        return f"the platform did not audit itself within {seconds:g} s after the load", False
    return f"the platform's audit of {found['at']} found {found['differences']} differences", not found["differences"]


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
