"""Four faults of payments at the acquirer, each with its alert; each is undone when its block ends."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import requests

from stack.acquirer import AcquirerServer
from stack.platform import DATABASE
from tests.browser.acquirer import end_faults, fail
from tests.e2e.alert_faults import Fault, stopped
from tests.e2e.card_payments import DECLINED, card_merchant, new_operator, operate, paying_by_card
from tests.e2e.watching import Watched
from tests.servers import until

PER_SECOND = 2
TRIED_PER_SECOND = 10
PROCESSES_SECONDS = 600
"""By the simulator's clock: longer than this test, and then the card is charged after all."""
SENT_LONG_AGO = "sent_at = created_at - INTERVAL 7 DAY"
CREATED_BEFORE = "created_at = created_at - INTERVAL 5 MINUTE, sent_at = sent_at - INTERVAL 5 MINUTE"


def acquirer(watched: Watched) -> AcquirerServer:
    """The simulator."""
    assert watched.platform.acquirer is not None
    return watched.platform.acquirer


def age(watched: Watched, payment_id: int, times: str) -> None:
    """Change the times of a payment's operations in the database, so that nobody has to wait for them."""
    change = f"UPDATE {DATABASE}.acquirer_operation SET {times} WHERE payment_id = {payment_id} AND state <> 'MANUAL'"
    watched.platform.mariadb.execute(change)


@contextmanager
def lost_answers(watched: Watched) -> Iterator[None]:
    """A card is charged and nobody says so, neither then nor when it is asked about; five minutes pass at once."""
    fail(watched.platform, fault="timeout_after_success", kinds=["authorization", "enquiry"])
    try:
        age(watched, undecided(watched), CREATED_BEFORE)
        yield
    finally:
        end_faults(watched.platform)


@contextmanager
def no_decision(watched: Watched) -> Iterator[None]:
    """The acquirer is still processing after a week, which passes at once; in the end two operators decide."""
    kim, lee = new_operator(watched.platform), new_operator(watched.platform)
    operations = f"{watched.platform.api.url}/acquirer-operations"
    fail(watched.platform, fault="late_success", kinds=["authorization"], seconds=PROCESSES_SECONDS)
    try:
        payment_id = undecided(watched)
    finally:
        end_faults(watched.platform)

    def operation() -> dict[str, object]:
        answer = requests.get(operations, params={"paymentId": payment_id}, headers=kim, timeout=5)
        return dict(answer.json()["items"][0])

    def is_given_up() -> bool:
        age(watched, payment_id, SENT_LONG_AGO)  # again: a round of enquiries may have stored what it had read before
        return operation()["state"] == "MANUAL"

    until(is_given_up, "housekeeping gives up", interval=0.5)
    try:
        yield
    finally:
        for operator in (kim, lee):
            path = f"acquirer-operations/{operation()['operationId']}/decide"
            operate(watched.platform, operator, path, outcome="APPROVED", reason="their statement says so")


def undecided(watched: Watched) -> int:
    """The id of a new payment whose authorization is not decided."""
    answer = card_merchant(watched.platform).authorize("tok_approved")
    assert answer.status_code == 202, answer.text
    return int(answer.json()["paymentId"])


def by_card(watched: Watched) -> AbstractContextManager[None]:
    """A merchant whose cards are good, before, during and after the fault."""
    return paying_by_card(watched.platform, PER_SECOND)


def tried_cards(watched: Watched) -> AbstractContextManager[None]:
    """Somebody tries many cards at another merchant, and all are declined."""
    return paying_by_card(watched.platform, TRIED_PER_SECOND, DECLINED)


ACQUIRER_FAULTS = (
    Fault("acquirer stopped", "AcquirerDown", "page", lambda w: stopped(acquirer(w)), meanwhile=by_card),
    Fault("answers lost", "AcquirerOutcomesUnknown", "ticket", lost_answers),
    Fault("no decision for a week", "AcquirerManual", "ticket", no_decision),
    Fault("stolen cards tried", "AcquirerDeclineRate", "ticket", tried_cards, meanwhile=by_card),
)
