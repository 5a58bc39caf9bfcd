"""An acquirer that hangs: its breaker opens soon, and who does not need it is answered meanwhile.

How fast others are answered is measured by `make bench PARTS=acquirer`.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic
from typing import Any, Final

import pytest

from tests.e2e.acquiring.platform import Merchant, Platform, new_key, outcome
from tests.e2e.acquiring.test_down import OPEN, at
from tests.e2e.gunicorn import samples
from tests.psp.simulator import Simulator
from tests.servers import until

OPEN_WITHIN: Final = 10.0
"""Seconds from the first payment; measured and printed."""
GRACE: Final = 3
"""How many times longer a busy machine may take."""
THREADS: Final = 64


@contextmanager
def paying(merchant: Merchant, per_second: float) -> Iterator[list[tuple[int, str]]]:
    """Payments at an even rate until the end of the block, whatever becomes of them: their outcomes."""
    ended, outcomes = threading.Event(), list[tuple[int, str]]()

    def pay() -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            paid = [pool.submit(merchant.authorize, new_key("frozen"))]
            while not ended.wait(1 / per_second):
                paid.append(pool.submit(merchant.authorize, new_key("frozen")))
        outcomes.extend(outcome(one.result()) for one in paid)

    thread = threading.Thread(target=pay)
    thread.start()
    try:
        yield outcomes
    finally:
        ended.set()
        thread.join()


def test_an_acquirer_that_hangs(
    platform: Platform,
    merchant: Merchant,
    make_api: Callable[..., Any],
    capsys: pytest.CaptureFixture[str],
    long: bool,
) -> None:
    other = platform.add_merchant(f"{merchant.name}-none", connector="none")
    for per_second in (1, 20) if long else (20,):
        with Simulator() as psp, make_api(psp) as api:
            others = at(api, other)
            psp.freeze()
            with paying(at(api, merchant), per_second) as outcomes:
                began = monotonic()

                def has_opened(others: Merchant = others, api: Any = api) -> bool:
                    assert outcome(others.authorize(token=None)) == (200, "AUTHORIZED")
                    return samples(api)[OPEN] == 1

                until(has_opened, "the breaker is open", seconds=GRACE * OPEN_WITHIN)
                took = monotonic() - began
                until(lambda api=api: refused(api), "calls are refused")  # type: ignore[misc]
                assert outcome(others.authorize(token=None)) == (200, "AUTHORIZED")
        with capsys.disabled():
            sys.stderr.write(f"\nat {per_second}/s the breaker was open {took:.1f} s after the first payment\n")
        assert set(outcomes) <= {(202, "PROCESSING"), (503, "ACQUIRER_UNAVAILABLE")}


def refused(api: Any) -> bool:
    """Whether a call was refused, so that nothing was sent."""
    return samples(api).get('acquirer_operations_total{kind="authorization",outcome="not_sent"}', 0) > 0
