"""`run_batch`: the only code that changes a payment. One transaction for many commands, each with its own result.

Who runs again after which error is decided by `payments.payment.execution`; who waits for a result, by the faces.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, RootTransaction
from sqlalchemy.exc import SQLAlchemyError

from payments import crash_points
from payments.outbox import store as outbox_store
from payments.outbox.rules import EventType, PaymentEvent
from payments.payment import idempotency_store
from payments.payment import store as payment_store
from payments.payment.commands import Command, Key, Operation, apply
from payments.payment.idempotency_store import StoredAnswer
from payments.payment.replies import command_body
from payments.payment.rules import Payment, authorize
from payments.platform.database import Failure, classify
from payments.platform.errors import Conflict, IdempotencyKeyExpired, IdempotencyKeyReused, NotFound, PaymentsError
from payments.platform.problems import body_of, status_of
from payments.platform.writing import Insert, write

_EVENT = {
    Operation.AUTHORIZE: EventType.AUTHORIZED,
    Operation.CAPTURE: EventType.CAPTURED,
    Operation.REFUND: EventType.REFUNDED,
    Operation.VOID: EventType.VOIDED,
    Operation.EXPIRE: EventType.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Result:
    """An answer to store and send (`status`, `body`), or the error that is answered but never stored.

    `step` is what a success moved just now, in minor units of `currency`; 0 for conflicts and replays. `payment_id`: of
    the payment that it is about; 0 when it is not known (an authorization that made none, or a replayed one).
    """

    status: int = 0
    body: str = ""
    replayed: bool = False
    error: PaymentsError | None = None
    step: int = 0
    currency: str = ""
    payment_id: int = 0


class _Step(NamedTuple):
    """What a success moved."""

    amount: int = 0
    currency: str = ""
    payment_id: int = 0


def run_batch(connection: Connection, commands: Sequence[Command], *, look_first: bool = True) -> list[Result]:
    """Run commands in ONE transaction, which is committed; results come in the order of the commands.

    `look_first`: find the keys that were used before. Without it one of them fails the whole batch as a DUPLICATE.
    A command whose answer is stored gets that answer; two with one key in a batch are told apart as if in sequence.
    Raises BatchFailed on any database error, with everything rolled back: then no command has happened, except
    perhaps when it was COMMIT that failed.
    """
    batch = _Batch(connection, commands, look_first)
    transaction = None
    try:
        transaction = connection.begin()
        batch.run()
        batch.stage = Stage.COMMIT
        crash_points.reach("before_commit")
        transaction.commit()
        crash_points.reach("after_commit_before_answer")
    except SQLAlchemyError as error:
        if batch.stage is Stage.COMMIT:
            connection.invalidate()  # SQLAlchemy sends no ROLLBACK now: the pool must not get back what is still open
        elif transaction is not None:
            _roll_back(transaction)
        raise BatchFailed(classify(error), batch.stage) from error
    return batch.results()


def _roll_back(transaction: RootTransaction) -> None:
    # After a lock wait timeout MariaDB keeps the transaction open, and a later COMMIT would store half of it.
    try:
        transaction.rollback()
    except SQLAlchemyError:
        # no connection, so no transaction: the server has undone it; a pooled connection must not come back
        if not transaction.connection.closed:
            transaction.connection.invalidate()


class Stage(Enum):
    """How far a transaction had come when it failed."""

    KEYS = "taking the keys' rows"
    PAYMENTS = "locking and changing payments"
    COMMIT = "COMMIT was sent"


class BatchFailed(Exception):
    """A batch was rolled back; `__cause__` is SQLAlchemy's error."""

    def __init__(self, failure: Failure, stage: Stage) -> None:
        super().__init__(f"{failure.value}, while {stage.value}")
        self.failure = failure
        self.stage = stage


class _Batch:
    """One transaction's work. Locks are taken in one global order: authorizations' keys, other keys, payments."""

    def __init__(self, connection: Connection, commands: Sequence[Command], look_first: bool) -> None:
        self.connection = connection
        self.look_first = look_first
        self.stage = Stage.KEYS
        self.commands = commands
        self.answers: dict[Key, StoredAnswer] = {}
        self.fresh: dict[Key, Command] = {}
        self.missing: set[int] = set()
        self.expiring: list[Command] = []
        self.events: list[tuple[Any, ...]] = []
        self.writes: list[Insert] = []
        self.steps: dict[Key, _Step] = {}

    def run(self) -> None:
        """Everything between BEGIN and COMMIT."""
        keyed = [command for command in self.commands if command.operation is not Operation.EXPIRE]
        self.expiring = [command for command in self.commands if command.operation is Operation.EXPIRE]
        if self.look_first:  # one used key would fail the batch, and all others in it would commit later
            self.answers = self._known(keyed)
        for command in self._of_existing_payments([c for c in keyed if c.scope not in self.answers]):
            self.fresh.setdefault(command.scope, command)
        self._authorize([c for c in self.fresh.values() if c.operation is Operation.AUTHORIZE])
        self._change([c for c in self.fresh.values() if c.operation is not Operation.AUTHORIZE])
        if self.events:
            self.writes.append(outbox_store.addition(self.events))
        if self.writes:
            write(self.connection, *self.writes)

    def _known(self, commands: Sequence[Command]) -> dict[Key, StoredAnswer]:
        """The answers to keys that were used before; an expired one where the answer is no longer kept."""
        made = {(c.merchant_id, c.key): c.scope for c in commands if c.operation is Operation.AUTHORIZE}
        taken = payment_store.taken_keys(self.connection, made) if made else set()
        used = {made[pair] for pair in taken}
        others = {c.scope for c in commands if c.operation is not Operation.AUTHORIZE}
        # payments first: an answer is committed with its payment, so one that is still kept is seen afterwards
        answers = idempotency_store.find(self.connection, used | others)
        return dict.fromkeys(used, StoredAnswer("", 0, "")) | answers

    def results(self) -> list[Result]:
        """One result for each command, in order."""
        return [self._result(command) for command in self.commands]

    def _result(self, command: Command) -> Result:
        if command.operation is Operation.EXPIRE:
            return Result(status=200)
        if id(command) in self.missing:
            return Result(error=NotFound(f"There is no payment {command.payment_id} of this merchant."))
        answer = self.answers[command.scope]
        if answer.is_expired:
            return Result(error=IdempotencyKeyExpired("This key was used, and its answer is no longer kept."))
        if answer.digest != command.digest:
            return Result(error=IdempotencyKeyReused("This idempotency key was used before with another request."))
        if self.fresh.get(command.scope) is not command:
            return Result(answer.status, answer.body, replayed=True)
        amount, currency, payment_id = self.steps.get(command.scope, _Step(payment_id=command.payment_id))
        return Result(answer.status, answer.body, step=amount, currency=currency, payment_id=payment_id)

    def _authorize(self, commands: Sequence[Command]) -> None:
        if not commands:
            return
        ids, now = payment_store.add(self.connection, commands)
        answers = {}
        for c in commands:
            made = authorize(c.merchant_id, c.key, c.amount or 0, c.currency, now, c.lifetime)
            payment = made.with_id(ids[c.merchant_id, c.key])
            answers[c.scope] = self._success(c, payment, payment.amount, now)
        self.writes.append(idempotency_store.addition(answers, now))
        self.answers.update(answers)

    def _change(self, commands: Sequence[Command]) -> None:
        if not commands and not self.expiring:
            return
        if commands:
            idempotency_store.reserve(self.connection, {c.scope: c.digest for c in commands})
        self.stage = Stage.PAYMENTS
        ids = {c.payment_id for c in (*commands, *self.expiring)}
        payments, now = payment_store.lock(self.connection, ids)  # of after the waits: time passed
        answers, changed = self._apply((*commands, *self.expiring), payments, now)
        if changed:
            self.writes.append(payment_store.saving(payments[payment_id] for payment_id in changed))
        if answers:
            self.writes.append(idempotency_store.filling(answers, now))
        self.answers.update(answers)

    def _of_existing_payments(self, commands: Sequence[Command]) -> list[Command]:
        """Authorizations, and those whose payment is there; the others are answered 404, which is never stored."""
        ids = {command.payment_id for command in commands if command.operation is not Operation.AUTHORIZE}
        owners = payment_store.owners(self.connection, ids) if ids else {}
        found = []
        for command in commands:
            is_there = owners.get(command.payment_id) == command.merchant_id
            if is_there or command.operation is Operation.AUTHORIZE:
                found.append(command)
            else:
                self.missing.add(id(command))
        return found

    def _apply(
        self, commands: Iterable[Command], payments: dict[int, Payment], now: datetime
    ) -> tuple[dict[Key, StoredAnswer], set[int]]:
        """Apply commands one after the other to `payments` (updated in place); answers and the ids that changed."""
        answers: dict[Key, StoredAnswer] = {}
        changed: set[int] = set()
        for command in commands:
            try:
                payment, step = apply(command, payments[command.payment_id], now)
            except Conflict as conflict:
                if command.operation is not Operation.EXPIRE:
                    body = body_of(conflict, instance=command.instance, request_id=command.request_id).decode()
                    answers[command.scope] = StoredAnswer(command.digest, status_of(conflict.code), body)
                continue
            payments[payment.payment_id] = payment
            changed.add(payment.payment_id)
            answer = self._success(command, payment, step, now)
            if command.operation is not Operation.EXPIRE:
                answers[command.scope] = answer
        return answers, changed

    def _success(self, command: Command, payment: Payment, step: int, now: datetime) -> StoredAnswer:
        event = PaymentEvent(
            _EVENT[command.operation],
            payment.payment_id,
            payment.merchant_id,
            step,
            payment.currency,
            payment.status.value,
            now,
        )
        self.events.append(outbox_store.event_row(event, orjson.dumps(command.headers).decode()))
        if command.operation is Operation.EXPIRE:
            return StoredAnswer("", 200, "")
        self.steps[command.scope] = _Step(step, payment.currency, payment.payment_id)
        return StoredAnswer(command.digest, 200, command_body(payment, command.operation.value))
