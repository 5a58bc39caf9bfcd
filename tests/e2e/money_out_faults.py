"""Two faults of reconciliation, each with its alert: an operator sends a file, and ends the exception in the end."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from stack.platform import DATABASE
from tests.e2e.alert_faults import Fault
from tests.e2e.card_payments import new_operator
from tests.e2e.watching import Watched
from tests.servers import until
from tests.unit.reconciliation import made

OPENED_LONG_AGO = f"UPDATE {DATABASE}.recon_exception SET opened_at = opened_at - INTERVAL 2 DAY WHERE state = 'OPEN'"
_numbers = itertools.count(700_000)


@contextmanager
def unknown_payment(watched: Watched) -> Iterator[None]:
    """The acquirer pays us for an operation that we do not have."""
    operator, base = new_operator(watched.platform), f"{watched.platform.api.url}/reconciliation"
    file = made.text([made.line(made.operation(next(_numbers)))], made.soon())
    headers = {**operator, "Content-Type": "text/csv"}
    sent = requests.post(f"{base}/files", params={"name": "a.csv"}, data=file, headers=headers, timeout=5)
    assert sent.status_code == 202, sent.text

    def opened() -> int:
        query = {"state": "OPEN", "fileId": str(sent.json()["fileId"])}
        items = requests.get(f"{base}/exceptions", params=query, headers=operator, timeout=5).json()["items"]
        return int(items[0]["exceptionId"]) if items else 0

    found = until(opened, "the file is read")
    try:
        yield
    finally:
        url, body = f"{base}/exceptions/{found}/resolve", {"reason": "they take it back"}
        requests.post(url, json=body, headers=operator, timeout=5).raise_for_status()


@contextmanager
def forgotten_exception(watched: Watched) -> Iterator[None]:
    """The same, and two days pass at once."""
    with unknown_payment(watched):
        watched.platform.mariadb.execute(OPENED_LONG_AGO)
        yield


MONEY_OUT_FAULTS = (
    Fault("unknown payment in a file", "SuspenseNotZero", "ticket", unknown_payment, {"currency": "USD"}),
    Fault("exception forgotten", "ReconciliationExceptionsOld", "ticket", forgotten_exception),
)
