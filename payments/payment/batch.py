"""`run_batch`: the only code that changes a payment. One transaction for many commands, each with its own result.

`payments.payment.execution` decides what is retried after which error; the callers wait for results.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

import orjson
from sqlalchemy import Connection, RootTransaction
from sqlalchemy.exc import SQLAlchemyError

from payments import crash_points
from payments.acquiring import store as acquiring_store
from payments.outbox import store as outbox_store
from payments.payment import idempotency_store
from payments.payment import store as payment_store
from payments.payment.answers import Result
from payments.payment.changes import Changes
from payments.payment.commands import Command
from payments.payment.intent import Known
from payments.payment.plan import Plan
from payments.payment.rules import Payment
from payments.platform import operators
from payments.platform.database import Failure, classify
from payments.platform.key_lookup import read
from payments.platform.tracing import trace
from payments.platform.values.money import format_amount
from payments.platform.writing import Insert, write


def run_batch(
    connection: Connection, commands: Sequence[Command], *, find_used_keys: bool = True, tell_locks: bool = True
) -> list[Result]:
    """Run commands in ONE transaction, which is committed; results come in the order of the commands.

    `find_used_keys`: look up used keys first; without it a used key fails the whole batch as a DUPLICATE.
    `tell_locks`: the stage of a failure tells keys from payments; without it both are taken in one statement.
    A command whose answer is stored gets that answer; two with one key in a batch are answered as if in sequence.
    Raises BatchFailed on any database error, with everything rolled back. When COMMIT failed, the commands may have
    been committed.
    """
    batch = _Batch(connection, Plan(commands), find_used_keys, tell_locks)
    transaction = None
    try:
        transaction = connection.begin()
        batch.run()
        batch.stage = Stage.COMMIT
        crash_points.reach("before_commit")
        transaction.commit()
        crash_points.reach("after_commit_before_answer")
    except (SQLAlchemyError, _TakenMeanwhile) as error:
        if batch.stage is Stage.COMMIT:
            connection.invalidate()  # SQLAlchemy sends no ROLLBACK now: an open transaction must not return to the pool
        elif transaction is not None:
            _roll_back(transaction)
        failure = Failure.DUPLICATE if isinstance(error, _TakenMeanwhile) else classify(error)
        raise BatchFailed(failure, batch.stage) from error
    return batch.plan.results()


def _roll_back(transaction: RootTransaction) -> None:
    # After a lock wait timeout MariaDB keeps the transaction open, and a later COMMIT would store half of it.
    try:
        transaction.rollback()
    except SQLAlchemyError:
        # the connection is lost, and the server rolls back; it must not return to the pool
        if not transaction.connection.closed:
            transaction.connection.invalidate()


class Stage(Enum):
    """How far a transaction had come when it failed."""

    KEYS = "taking the keys' rows"
    """Without `tell_locks` also locking payments."""
    PAYMENTS = "locking and changing payments"
    COMMIT = "COMMIT was sent"


class BatchFailed(Exception):
    """A batch was rolled back; `__cause__` is SQLAlchemy's error."""

    def __init__(self, failure: Failure, stage: Stage) -> None:
        super().__init__(f"{failure.value}, while {stage.value}")
        self.failure = failure
        self.stage = stage


class _TakenMeanwhile(Exception):
    """Another transaction has begun the step that this one was to send again."""


class _Batch:
    """The work of one transaction.

    Locks are taken in one global order: authorizations' keys, other keys, payments, operations at an acquirer.
    """

    def __init__(self, connection: Connection, plan: Plan, find_used_keys: bool, tell_locks: bool) -> None:
        self.plan = plan
        self.stage = Stage.KEYS
        self._connection = connection
        self._find_used_keys = find_used_keys
        self._tell_locks = tell_locks
        self._events: list[tuple[Any, ...]] = []
        self._actions: list[tuple[str, ...]] = []
        self._writes: list[Insert] = []

    def run(self) -> None:
        """Everything between BEGIN and COMMIT."""
        self._look_up()
        self._take_again()
        self._authorize()
        self._change()
        if self._events:
            self._writes.append(outbox_store.addition(self._events))
        if self._actions:
            self._writes.append(operators.addition(self._actions))
        if self._writes:
            write(self._connection, *self._writes)

    def _look_up(self) -> None:
        """Read the used keys, because one would fail the batch, and the others in it would commit later; and owners."""
        keys = self.plan.keys_of_payments() if self._find_used_keys else {}
        owners, taken, answered = read(
            self._connection,
            payment_store.owners_lookup(self.plan.changed_payments()),
            payment_store.keys_lookup(keys),
            idempotency_store.lookup(self.plan.keys_of_answers() if self._find_used_keys else ()),
        )
        used = {keys[merchant, key] for merchant, key in taken}
        # payments first: an answer is committed with its payment, so the answer is visible afterwards
        answers = idempotency_store.answers_of(answered) | idempotency_store.find(self._connection, used)
        self.plan.set_used(used, answers)
        self.plan.set_owners(payment_store.owners_of(owners))

    def _take_again(self) -> None:
        """Take the keys of steps that never reached the acquirer; their rows are there already."""
        if not (keys := self.plan.retaken()):
            return
        if not idempotency_store.retake(self._connection, keys):
            raise _TakenMeanwhile
        self.plan.set_asked_again(payment_store.ids_of_keys(self._connection, self.plan.payments_asked_again()))

    def _authorize(self) -> None:
        new = self.plan.new_payments()
        if not new:
            return
        stored, now = payment_store.add(self._connection, new)
        changes = self.plan.authorize(stored)
        self._writes.append(idempotency_store.addition(changes.answers, now))
        self._add(changes)

    def _change(self) -> None:
        ids = self.plan.locked_payments()
        if not ids:
            return
        payments, now = self._lock(ids)
        concluding = self.plan.concluding
        operations = acquiring_store.lock(self._connection, found) if (found := concluding.references()) else {}
        changes = self.plan.change(payments, now, operations, self._known(payments.values()))
        if keys := concluding.keys_to_read():
            concluding.set_stored(idempotency_store.find(self._connection, keys))
        if changes.payments:
            self._writes.append(payment_store.saving(changes.payments))
        if changes.answers:
            self._writes.append(idempotency_store.filling(changes.answers, now))
        if changes.concluded:
            self._writes.append(acquiring_store.saving(list(changes.concluded.values())))
        self._add(changes)

    def _lock(self, ids: Iterable[int]) -> tuple[dict[int, Payment], datetime]:
        """Take the keys' rows, then lock the payments; returns them and the time after waiting for locks."""
        digests = self.plan.digests()
        reservation = idempotency_store.reservation(digests) if digests else None
        if reservation is not None and self._tell_locks:
            write(self._connection, reservation)
            reservation = None
        if reservation is None:
            self.stage = Stage.PAYMENTS
        locked = payment_store.lock(self._connection, ids, reservation)
        self.stage = Stage.PAYMENTS
        return locked

    def _known(self, payments: Iterable[Payment]) -> Known:
        ids = [payment.payment_id for payment in payments if not payment.is_decided_here]
        return Known(acquiring_store.summary(self._connection, ids) if ids else {})

    def _add(self, changes: Changes) -> None:
        for event, command in changes.events:
            origin = outbox_store.Origin(command.request_id, trace.trace_id_of(command.headers.get(trace.HEADER, "")))
            self._events.append(outbox_store.event_row(event, orjson.dumps(command.headers).decode(), origin))
            self._note(command, event.payment_id, event.amount, event.currency, event.occurred_at)
        for operation, command in changes.intents:
            self._note(command, operation.payment_id, operation.amount, operation.currency, operation.created_at)
        if changes.intents:
            self._writes.append(acquiring_store.addition([operation for operation, _ in changes.intents]))

    def _note(self, command: Command, payment_id: int, amount: int, currency: str, at: datetime) -> None:
        """Keep which operator asked for a step."""
        if command.note is not None:
            actor, reason = command.note
            action, target = f"payment.{command.operation}", f"payment {payment_id}"
            detail = f"{format_amount(amount, currency)}: {reason}"
            self._actions.append(operators.action_row(actor, action, target, detail, at))
