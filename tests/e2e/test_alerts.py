"""Real faults on the real platform: each fires and resolves its alert, through Prometheus and Alertmanager.

In `make test` two at once; `--long`: eighteen one by one, whose times go to .cache/alert-times.md.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.acquirer_faults import ACQUIRER_FAULTS
from tests.e2e.alert_faults import FAULTS, KAFKA, REDIS, Fault
from tests.e2e.load import running
from tests.e2e.money_out_faults import MONEY_OUT_FAULTS
from tests.e2e.watching import Expected, Watched, watching
from tests.servers import until

PER_SECOND = 10
AT_ONCE = (KAFKA, REDIS)
ALL = (*FAULTS, *ACQUIRER_FAULTS, *MONEY_OUT_FAULTS)
FIRES_SECONDS, RESOLVED_SECONDS = 90, 180
QUICKLY_SECONDS = 60
"""For both of the faults that come together."""
NOTIFIED_SECONDS = 10
LOG_SHOWN = 4000
TABLE = Path(__file__).parents[2] / ".cache" / "alert-times.md"

pytestmark = [pytest.mark.alone, pytest.mark.timeout(FIRES_SECONDS + RESOLVED_SECONDS + 300)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One by one is for the long run."""
    if "together" in metafunc.fixturenames:
        alone = [(fault,) for fault in ALL] if metafunc.config.getoption("--long") else []
        metafunc.parametrize("together", [AT_ONCE, *alone], ids=lambda faults: " and ".join(f.name for f in faults))


@dataclass(frozen=True)
class Times:
    """Seconds from a fault to its alert in Alertmanager, and from the fix until it is gone from there."""

    fault: Fault
    firing: float
    resolved: float

    def row(self) -> str:
        return f"| {self.fault.name} | {self.fault.alert} | {self.firing:.0f} | {self.resolved:.0f} |"


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    with watching() as watched, running(watched.platform.api.url, PER_SECOND):
        yield watched


@pytest.fixture(scope="module")
def measured() -> Iterator[list[Times]]:
    """Written at the end, also after failures."""
    times: list[Times] = []
    yield times
    if times:
        head = ["| fault | alert | firing after, s | resolved after, s |", "| --- | --- | --- | --- |"]
        TABLE.parent.mkdir(exist_ok=True)
        TABLE.write_text("\n".join([*head, *(each.row() for each in times), ""]))


def suffered(watched: Watched, faults: tuple[Fault, ...], fires: float, resolves: float) -> list[Times]:
    """Make faults together; each alert must fire and resolve, and its receiver be notified of both."""
    alerts = [fault.expected for fault in faults]
    in_state(watched, alerts, None, resolves)
    since = len(watched.receivers.requests)
    with ExitStack() as stack:
        began = time.monotonic()
        for fault in faults:
            stack.enter_context(fault.happens(watched))
        firing = in_state(watched, alerts, "active", fires, began)
        was_notified(watched, faults, "firing", since)
    resolved = in_state(watched, alerts, None, resolves)
    was_notified(watched, faults, "resolved", since)
    return [Times(*each) for each in zip(faults, firing, resolved, strict=True)]


def was_notified(watched: Watched, faults: tuple[Fault, ...], status: str, since: int) -> None:
    """The receiver of each fault's alert, and no other, was notified since then, with this as the last notification."""
    for fault in faults:
        alert, last = fault.expected, (fault.receiver, status)
        notified = until(partial(said, watched, alert, last, since), f"{alert}: {last}", seconds=NOTIFIED_SECONDS)
        assert {receiver for receiver, _ in notified} == {fault.receiver}


def said(watched: Watched, alert: Expected, last: tuple[str, str], since: int) -> list[tuple[str, str]]:
    """The notifications of an alert since then, once the last one is `last`."""
    notified = watched.notifications(alert, since)
    return notified if notified[-1:] == [last] else []


def in_state(
    watched: Watched, alerts: list[Expected], state: str | None, seconds: float, began: float | None = None
) -> list[float]:
    """Seconds after `began` (now) until Alertmanager has each alert in that state. AssertionError after `seconds`."""
    began = began or time.monotonic()
    after: dict[str, float] = {}

    def all_are() -> bool:
        for alert in alerts:
            if alert.name not in after and watched.state(alert) == state:
                after[alert.name] = time.monotonic() - began
        return len(after) == len(alerts)

    try:
        until(all_are, "alerts change their state", seconds=seconds, interval=0.2)
    except AssertionError as error:
        error.add_note(f"not {state}: {[alert.name for alert in alerts if alert.name not in after]}")
        error.add_note(f"the end of the relay's log:\n{watched.platform.relay.log.read_text()[-LOG_SHOWN:]}")
        raise
    return [after[alert.name] for alert in alerts]


def test_a_fault_is_told_and_taken_back(watched: Watched, together: tuple[Fault, ...], measured: list[Times]) -> None:
    if len(together) > 1:
        suffered(watched, together, QUICKLY_SECONDS, QUICKLY_SECONDS)
        return
    with together[0].meanwhile(watched):
        measured += suffered(watched, together, FIRES_SECONDS, RESOLVED_SECONDS)


def test_a_page_keeps_the_ticket_about_the_same_fault_silent(watched: Watched) -> None:
    """While Redis is down its page fires; the ticket about uncounted requests is inhibited."""
    ticket = Expected("RateLimiterFailsOpen", {})
    with REDIS.happens(watched):
        until(lambda: watched.state(REDIS.expected) == "active", "Redis is down", seconds=QUICKLY_SECONDS)
        until(lambda: watched.state(ticket) == "suppressed", "the ticket is suppressed", seconds=QUICKLY_SECONDS)
    until(lambda: watched.state(ticket) is None, "the ticket is gone", seconds=QUICKLY_SECONDS)
    until(lambda: watched.state(REDIS.expected) is None, "Redis is back", seconds=QUICKLY_SECONDS)
