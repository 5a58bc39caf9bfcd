"""What operators do about operations at acquirers: ask again, and decide by evidence where nothing more is learned.

A decision takes two operators. What it does to the payment is `payments.payment`'s, on a floor above.
"""

from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Connection

from payments.acquiring import store
from payments.acquiring.operation import UNDECIDED, StoredOperation
from payments.acquiring.rules import State
from payments.acquiring.view import Outcome
from payments.platform.clock import database_now
from payments.platform.desk_errors import AcquirerOperationConflict, SecondOperatorNeeded
from payments.platform.errors import NotFound
from payments.platform.operators import note_action
from payments.platform.same_person import is_same_person
from payments.platform.writing import write


class Decision(NamedTuple):
    """An operation after an operator's word. `is_agreed`: a second operator said the same, so it is to be concluded."""

    operation: StoredOperation
    is_agreed: bool


def ask_again(connection: Connection, operation_id: int, reason: str, actor: str) -> StoredOperation:
    """Let housekeeping ask about an operation at once, in the caller's transaction.

    One that was given up is asked about as often as a new one. Raises NotFound, or AcquirerOperationConflict when it is
    decided: nothing is asked about it any more.
    """
    operation = _locked(connection, operation_id)
    given_up = operation.state is State.MANUAL and operation.decided_at is None
    if operation.state not in UNDECIDED and not given_up:
        raise AcquirerOperationConflict(f"Operation {operation_id} is {operation.state}: nothing is asked about it.")
    asked = replace(operation, next_enquiry_at=database_now(connection))
    if given_up:
        asked = replace(asked, state=State.UNKNOWN, enquiries=0, proposal=None, proposed_by=None, proposed_reason=None)
    write(connection, store.saving([asked]))
    _note(connection, actor, "enquire", operation, reason)
    return asked


def decide(connection: Connection, operation_id: int, outcome: Outcome, reason: str, actor: str) -> Decision:
    """Propose an outcome, or agree to another operator's proposal, in the caller's transaction.

    Another outcome replaces the proposal. Raises NotFound; AcquirerOperationConflict when it is not MANUAL; and
    SecondOperatorNeeded when the same operator says it again.
    """
    operation = _locked(connection, operation_id)
    if operation.state is not State.MANUAL:
        raise AcquirerOperationConflict(
            f"Operation {operation_id} is {operation.state}: operators decide what is MANUAL."
        )
    if operation.proposal == outcome:
        if operation.proposed_by is not None and is_same_person(operation.proposed_by, actor):
            raise SecondOperatorNeeded(f"You proposed {outcome}; another operator has to agree.")
        _note(connection, actor, "decide", operation, f"{outcome}: {reason}")
        return Decision(operation, is_agreed=True)
    proposed = replace(operation, proposal=outcome.value, proposed_by=actor, proposed_reason=reason)
    write(connection, store.saving([proposed]))
    _note(connection, actor, "propose", operation, f"{outcome}: {reason}")
    return Decision(proposed, is_agreed=False)


def _locked(connection: Connection, operation_id: int) -> StoredOperation:
    found = store.get(connection, operation_id)
    if found is None:
        raise NotFound(f"There is no operation {operation_id}.")
    return store.lock(connection, [found.reference])[found.reference]


def _note(connection: Connection, actor: str, action: str, operation: StoredOperation, detail: str) -> None:
    target = f"operation {operation.operation_id} (payment {operation.payment_id})"
    note_action(connection, actor, f"acquirer.{action}", target, detail)
