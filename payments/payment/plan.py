"""Plans a batch of commands: the payments, events and answers to write, and the result of each command.

Pure: `payments.payment.batch` reads what the plan asks for, step by step, and writes what it decides.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import NamedTuple

from payments.acquiring.operation import StoredOperation
from payments.outbox.rules import PaymentEvent
from payments.payment.answers import NOT_SENT, PROCESSING, RUNNING, Result, StoredAnswer
from payments.payment.changes import Changes
from payments.payment.commands import EVENT_OF, REQUESTED, Command, Key, Operation, apply
from payments.payment.concluding import Concluding
from payments.payment.intent import Known, call_of, intended
from payments.payment.replies import command_body, processing_body
from payments.payment.rules import NewPayment, Payment
from payments.platform.errors import (
    Conflict,
    IdempotencyKeyExpired,
    IdempotencyKeyReused,
    NotFound,
    RequestInProgress,
)
from payments.platform.problems import body_of, status_of

_USED: StoredAnswer = StoredAnswer("", 0, "")


class _Step(NamedTuple):
    """The step of a successful command."""

    amount: int = 0
    currency: str = ""
    payment_id: int = 0


class Plan:
    """The plan of one batch. Call its methods in their order, each with what was read from the database."""

    def __init__(self, commands: Sequence[Command]) -> None:
        """A plan without anything read yet."""
        self._commands = commands
        self._keyed = [command for command in commands if command.operation in REQUESTED]
        self._expiring = [command for command in commands if command.operation is Operation.EXPIRE]
        self._answers: dict[Key, StoredAnswer] = {}
        self._fresh: dict[Key, Command] = {}
        self._missing: set[int] = set()
        self._steps: dict[Key, _Step] = {}
        self._calls: dict[Key, Result] = {}
        self._retaken: dict[Key, str] = {}
        self._asked_again: dict[int, Command] = {}
        self.concluding = Concluding(commands)
        """The conclusions among the commands."""

    def keys_of_payments(self) -> dict[tuple[str, str], Key]:
        """(merchant, key) of authorizations: a key is used when a payment has it."""
        return {(c.merchant_id, c.key): c.scope for c in self._keyed if c.operation is Operation.AUTHORIZE}

    def keys_of_answers(self) -> set[Key]:
        """Keys of all other commands: a key is used when it has an answer."""
        return {c.scope for c in self._keyed if c.operation is not Operation.AUTHORIZE}

    def set_used(self, used: Set[Key], answers: Mapping[Key, StoredAnswer]) -> None:
        """Record the `used` keys and their stored answers; the commands with these keys change nothing."""
        self._answers = dict.fromkeys(used, _USED) | dict(answers)
        for command in self._keyed:
            answer = self._answers.get(command.scope)
            if answer is not None and answer.status == NOT_SENT and answer.digest == command.digest:
                self._retaken[command.scope] = command.digest
        for key in self._retaken:
            del self._answers[key]

    def retaken(self) -> list[Key]:
        """Keys whose step never reached the acquirer: their rows, which exist, are taken for another try."""
        return sorted(key for key in self._retaken if key in self._fresh)

    def payments_asked_again(self) -> dict[tuple[str, str], Key]:
        """(merchant, key) of the payments whose authorization is sent anew."""
        return {(k.merchant_id, k.idempotency_key): k for k in self.retaken() if k.operation == Operation.AUTHORIZE}

    def set_asked_again(self, ids: Mapping[tuple[str, str], int]) -> None:
        """Record the ids of those payments."""
        for pair, key in self.payments_asked_again().items():
            self._asked_again[ids[pair]] = self._fresh[key]

    def changed_payments(self) -> set[int]:
        """Ids of the payments that commands with new keys change."""
        return {c.payment_id for c in self._keyed if c.scope not in self._answers and c.payment_id}

    def set_owners(self, owners: Mapping[int, str]) -> None:
        """Record the merchant of each existing payment. Commands on other payments get a 404, which is not stored."""
        for command in self._keyed:
            if command.scope in self._answers:
                continue
            if command.operation is Operation.AUTHORIZE or owners.get(command.payment_id) == command.merchant_id:
                self._fresh.setdefault(command.scope, command)
            else:
                self._missing.add(id(command))

    def new_payments(self) -> list[NewPayment]:
        """The payments to insert."""
        return [
            NewPayment(c.merchant_id, c.key, c.amount or 0, c.currency, c.lifetime, c.connector)
            for c in self._fresh.values()
            if c.operation is Operation.AUTHORIZE and c.scope not in self._retaken
        ]

    def authorize(self, stored: Mapping[tuple[str, str], Payment]) -> Changes:
        """Record the inserted payments, by (merchant, key); returns their events and answers."""
        changes, known = Changes(), Known()
        for command in self._fresh.values():
            if command.operation is Operation.AUTHORIZE and command.scope not in self._retaken:
                payment = stored[command.merchant_id, command.key]
                self._step(command, payment, payment.amount, payment.requested_at, known, changes)
        self._answers.update(changes.answers)
        return changes

    def digests(self) -> dict[Key, str]:
        """Keys to reserve before payments are locked, with the digests of their commands."""
        changing = (c for c in self._fresh.values() if c.operation is not Operation.AUTHORIZE)
        return {c.scope: c.digest for c in changing if c.scope not in self._retaken}

    def locked_payments(self) -> set[int]:
        """Ids of the payments to lock: those that commands with new keys, expiries and conclusions change."""
        return {c.payment_id for c in self._changing()} | self._asked_again.keys() | self.concluding.payments()

    def change(
        self,
        payments: Mapping[int, Payment],
        now: datetime,
        operations: Mapping[str, StoredOperation] | None = None,
        known: Known | None = None,
    ) -> Changes:
        """Apply conclusions, then commands, one after the other to the locked payments, at `now`.

        `operations`: those to conclude, by reference. `known`: of the payments that are at an acquirer.
        """
        rows, known = dict(payments), known or Known()
        changes = Changes()
        self.concluding.apply(rows, operations or {}, now, known, changes)
        for payment_id, command in self._asked_again.items():
            rows[payment_id] = rows[payment_id].asked_again(now)
            self._step(command, rows[payment_id], rows[payment_id].amount, now, known, changes)
        for command in self._changing():
            try:
                payment, step = apply(command, rows[command.payment_id], now)
            except Conflict as conflict:
                if command.operation is not Operation.EXPIRE:
                    body = body_of(conflict, instance=command.instance, request_id=command.request_id).decode()
                    changes.answers[command.scope] = StoredAnswer(command.digest, status_of(conflict.code), body)
                continue
            rows[payment.payment_id] = payment
            self._step(command, payment, step, now, known, changes)
        changes.payments.extend(row for payment_id, row in rows.items() if row is not payments[payment_id])
        self._answers.update(changes.answers)
        return changes

    def results(self) -> list[Result]:
        """One result for each command, in their order."""
        return [self._result(command) for command in self._commands]

    def _changing(self) -> Iterable[Command]:
        return (*(c for c in self._fresh.values() if c.operation is not Operation.AUTHORIZE), *self._expiring)

    def _step(
        self, command: Command, payment: Payment, step: int, now: datetime, known: Known, changes: Changes
    ) -> None:
        """A command did its step here, or reserved it for the acquirer."""
        if not payment.is_decided_here:
            operation = intended(command, payment, step, now, known)
            changes.intents.append((operation, command))
            if command.operation is not Operation.EXPIRE:
                body = processing_body(payment, command.operation.value)
                call = call_of(operation)
                self._calls[command.scope] = Result(PROCESSING, body, payment_id=call.payment_id, call=call)
                changes.answers[command.scope] = StoredAnswer(command.digest, RUNNING, "")
            return
        event = PaymentEvent(
            EVENT_OF[command.operation],
            payment.payment_id,
            payment.merchant_id,
            step,
            payment.currency,
            payment.status.value,
            now,
        )
        changes.events.append((event, command))
        if command.operation is not Operation.EXPIRE:
            self._steps[command.scope] = _Step(step, payment.currency, payment.payment_id)
            body = command_body(payment, command.operation.value)
            changes.answers[command.scope] = StoredAnswer(command.digest, 200, body)

    def _result(self, command: Command) -> Result:
        if command.operation is Operation.EXPIRE:
            return Result(status=200)
        if command.operation is Operation.CONCLUDE:
            return self.concluding.result(command)
        if id(command) in self._missing:
            return Result(error=NotFound(f"There is no payment {command.payment_id} of this merchant."))
        answer = self._answers[command.scope]
        if answer.is_expired:
            return Result(error=IdempotencyKeyExpired("This key was used, and its answer is no longer kept."))
        if answer.digest != command.digest:
            return Result(error=IdempotencyKeyReused())
        if self._fresh.get(command.scope) is command and (found := self._calls.get(command.scope)) is not None:
            return found
        if answer.status == RUNNING:
            return Result(error=RequestInProgress("The first request with this key is running."))
        if self._fresh.get(command.scope) is not command:
            return Result(answer.status, answer.body, replayed=True)
        amount, currency, payment_id = self._steps.get(command.scope, _Step(payment_id=command.payment_id))
        return Result(answer.status, answer.body, step=amount, currency=currency, payment_id=payment_id)
