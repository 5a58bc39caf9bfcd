"""Undoes matches with operations that were then decided otherwise: each line becomes an exception for operators.

After it all is as if the line had come after the decision. What has no money never gets any, so nothing is locked.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine

from payments import crash_points
from payments.ledger.rules import Account, SourceType
from payments.ledger.source_store import SourcePosting, moved, post
from payments.outbox.lease import Lease
from payments.platform.operators import note_action
from payments.platform.trusted_clock.guard import Now
from payments.reconciliation import exception_store, match_store, store
from payments.reconciliation.exception_store import ACTOR
from payments.reconciliation.line_store import unmatch
from payments.reconciliation.match_store import PART, Unfounded
from payments.reconciliation.turn import TurnLost, keep

FIRST_NUMBER: Final = 1000
"""Of postings that take a match back: above those of the file itself, four for each currency."""

_log = logging.getLogger(__name__)


def undo_matches(
    engine: Engine, held: Lease, connector: str, operation_ids: Sequence[int], now: Now, rest: Callable[[], None]
) -> None:
    """Undo the matches with these operations, and with all that are REVERSED, each in a transaction of its own.

    What has a match that is well founded, or none, does not change. `rest` is called after each statement that reads,
    and after each transaction. Raises TurnLost.
    """
    undone = 0
    for match in _unfounded(engine, connector, operation_ids, rest):
        with engine.begin() as connection:
            undone += _undo(connection, held, connector, match, now(connection))
        rest()
    if undone:
        _log.info("matches_undone", extra={"count": undone})


def _unfounded(
    engine: Engine, connector: str, operation_ids: Sequence[int], rest: Callable[[], None]
) -> Iterator[Unfounded]:
    for start in range(0, len(operation_ids), PART):
        found = match_store.named(engine, connector, operation_ids[start : start + PART])
        rest()
        yield from found
    found = match_store.reversed_(engine, connector)
    rest()
    yield from found


def _undo(connection: Connection, held: Lease, connector: str, match: Unfounded, now: datetime) -> bool:
    """False, and nothing is written, when an operator has ended its FEE meanwhile."""
    fee_id = match.fee_exception_id
    if fee_id is not None and not exception_store.change_fee(connection, fee_id, match.net, now):
        return False
    if not unmatch(connection, match.file_id, match.number, match.operation_id):
        raise TurnLost(f"line {match.number} of file {match.file_id} was changed by another process")
    if fee_id is None:
        exception_store.add_unmatched(connection, connector, match, now)
    store.uncount_match(connection, match.file_id, match.currency, match.gross, match.contract_fee, fee_id is None)
    post(connection, SourceType.RECON_FILE, match.file_id, None, _postings(match), now, now)
    target = f"line {match.number} of file {match.file_id}"
    detail = f"operation {match.operation_id} (payment {match.payment_id}) is {match.state}"
    note_action(connection, ACTOR, "reconciliation.unmatch", target, detail)
    keep(connection, held)
    crash_points.reach("before_match_is_undone")
    return True


def _postings(match: Unfounded) -> list[SourcePosting]:
    """What the file has posted of a matched line goes back, and what came into suspense."""
    number = FIRST_NUMBER + 2 * match.number
    receivable, currency = Account.ACQUIRER_RECEIVABLE, match.currency
    came = match.gross - match.contract_fee
    return [
        *moved(number, receivable, Account.RECONCILIATION_SUSPENSE, came, currency),
        *moved(number + 1, receivable, Account.ACQUIRER_FEE_EXPENSE, match.contract_fee, currency),
    ]
