"""What operators do about exceptions: resolve them, or write them off; above a limit, two of them.

An end is final. Its postings, the exception's row and the note about it are of the caller's transaction.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from payments.acquiring.rules import WITHOUT_MONEY
from payments.ledger import source_store
from payments.ledger.rules import SourceType
from payments.platform.desk_errors import ReconConflict, SecondOperatorNeeded
from payments.platform.errors import NotFound
from payments.platform.operators import note_action
from payments.platform.same_person import is_same_person
from payments.platform.values.money import AmountsByCurrency
from payments.reconciliation import desk_store as store
from payments.reconciliation.desk_store import StoredException
from payments.reconciliation.ending import Ending, movements, moves_operation, needs_two
from payments.reconciliation.rules import UNDECIDED, ExceptionClass, ExceptionState, is_owed

End = Callable[[Connection, int, str, str, AmountsByCurrency, datetime], StoredException]
"""`resolve` or `write_off`."""
_ACTIONS: Final = {ExceptionState.RESOLVED: "resolve", ExceptionState.WRITTEN_OFF: "write_off"}


def resolve(
    connection: Connection, exception_id: int, reason: str, actor: str, limits: AmountsByCurrency, now: datetime
) -> StoredException:
    """The difference is explained: the money goes to where it belongs (`ending`). Raises as `_end`."""
    return _end(connection, exception_id, ExceptionState.RESOLVED, reason, actor, limits, now)


def write_off(
    connection: Connection, exception_id: int, reason: str, actor: str, limits: AmountsByCurrency, now: datetime
) -> StoredException:
    """Nobody will explain it: what is lost, or gained, is an expense. Raises as `_end`."""
    return _end(connection, exception_id, ExceptionState.WRITTEN_OFF, reason, actor, limits, now)


def _end(
    connection: Connection,
    exception_id: int,
    end: ExceptionState,
    reason: str,
    actor: str,
    limits: AmountsByCurrency,
    now: datetime,
) -> StoredException:
    """End an exception, or propose that to a second operator when the limits demand one (`ending.needs_two`).

    Another end replaces the proposal. Raises NotFound; ReconConflict when it has ended, its operation has to be decided
    first, or its match has to be undone first; and SecondOperatorNeeded when the same operator says it again.
    """
    found = _locked(connection, exception_id, end)
    if not needs_two(_ending(found), end, limits):
        return _ended(connection, replace(found, actor=actor), end, reason, now)
    if found.proposal is not end:
        proposed = replace(found, proposal=end, proposed_by=actor, proposed_reason=reason)
        store.save(connection, proposed)
        _note(connection, actor, "propose", exception_id, f"{end}: {reason}")
        return proposed
    if found.proposed_by is not None and is_same_person(found.proposed_by, actor):
        raise SecondOperatorNeeded(f"You proposed {end}; another operator has to agree.")
    return _ended(connection, replace(found, actor=found.proposed_by, approver=actor), end, reason, now)


def _locked(connection: Connection, exception_id: int, end: ExceptionState) -> StoredException:
    found = store.get(connection, exception_id, lock=True)
    if found is None:
        raise NotFound(f"There is no exception {exception_id}.")
    if found.state not in store.NOT_ENDED:
        raise ReconConflict(f"Exception {exception_id} is {found.state} already.")
    _check_operation(found, end)
    return found


def _check_operation(found: StoredException, end: ExceptionState) -> None:
    operation = found.operation
    if operation is None:
        return
    is_fee = found.exception_class is ExceptionClass.FEE
    if operation.state in UNDECIDED and (is_fee or moves_operation(found.exception_class, end)):
        raise ReconConflict(
            f"Operation {operation.operation_id} is {operation.state}: it has to be decided before exception"
            f" {found.exception_id} can be {end}."
        )
    if is_fee and operation.state in WITHOUT_MONEY:
        raise ReconConflict(
            f"Operation {operation.operation_id} is {operation.state}: with the next settlement file exception"
            f" {found.exception_id} becomes one about its whole line. End it then."
        )


def _ended(
    connection: Connection, found: StoredException, end: ExceptionState, reason: str, now: datetime
) -> StoredException:
    """`found` has its actor, and its approver where there are two."""
    ended = replace(found, state=end, ended_at=now, reason=reason)
    store.save(connection, ended)
    postings = [
        posting
        for number, movement in enumerate(movements(_ending(found), end))
        for posting in source_store.moved(number, *movement)
    ]
    source_store.post(connection, SourceType.RECON_EXCEPTION, found.exception_id, None, postings, now, now)
    _note(connection, found.approver or str(found.actor), _ACTIONS[end], found.exception_id, reason)
    return ended


def _ending(found: StoredException) -> Ending:
    operation = found.operation
    if operation is None:
        return Ending(found.exception_class, found.suspense, found.currency, 0, found.currency)
    # of one that moved no money, or was declined after all, the ledger has nothing
    owed = operation.gross if is_owed(operation) else 0
    return Ending(found.exception_class, found.suspense, found.currency, owed, operation.currency)


def _note(connection: Connection, actor: str, action: str, exception_id: int, detail: str) -> None:
    note_action(connection, actor, f"reconciliation.{action}", f"exception {exception_id}", detail)
