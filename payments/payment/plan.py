"""Plans a batch of commands: the payments, events and answers to write, and the result of each command.

Pure: `payments.payment.batch` reads what the plan asks for, step by step, and writes what it decides.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import NamedTuple

from payments.outbox.rules import PaymentEvent
from payments.payment.answers import Result, StoredAnswer
from payments.payment.commands import EVENT_OF, Command, Key, Operation, apply
from payments.payment.replies import command_body
from payments.payment.rules import NewPayment, Payment
from payments.platform.errors import Conflict, IdempotencyKeyExpired, IdempotencyKeyReused, NotFound
from payments.platform.problems import body_of, status_of

_USED: StoredAnswer = StoredAnswer("", 0, "")


class _Step(NamedTuple):
    """The step of a successful command."""

    amount: int = 0
    currency: str = ""
    payment_id: int = 0


class Changes(NamedTuple):
    """Rows to write: payments, events with their command, and answers."""

    events: list[tuple[PaymentEvent, Command]]
    answers: dict[Key, StoredAnswer]
    payments: list[Payment]


class Plan:
    """The plan of one batch. Call its methods in their order, each with what was read from the database."""

    def __init__(self, commands: Sequence[Command]) -> None:
        """A plan without anything read yet."""
        self._commands = commands
        self._keyed = [command for command in commands if command.operation is not Operation.EXPIRE]
        self._expiring = [command for command in commands if command.operation is Operation.EXPIRE]
        self._answers: dict[Key, StoredAnswer] = {}
        self._fresh: dict[Key, Command] = {}
        self._missing: set[int] = set()
        self._steps: dict[Key, _Step] = {}

    def keys_of_payments(self) -> dict[tuple[str, str], Key]:
        """(merchant, key) of authorizations: a key is used when a payment has it."""
        return {(c.merchant_id, c.key): c.scope for c in self._keyed if c.operation is Operation.AUTHORIZE}

    def keys_of_answers(self) -> set[Key]:
        """Keys of all other commands: a key is used when it has an answer."""
        return {c.scope for c in self._keyed if c.operation is not Operation.AUTHORIZE}

    def set_used(self, used: Set[Key], answers: Mapping[Key, StoredAnswer]) -> None:
        """Record the `used` keys and their stored answers; the commands with these keys change nothing."""
        self._answers = dict.fromkeys(used, _USED) | dict(answers)

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
            NewPayment(c.merchant_id, c.key, c.amount or 0, c.currency, c.lifetime)
            for c in self._fresh.values()
            if c.operation is Operation.AUTHORIZE
        ]

    def authorize(self, stored: Mapping[tuple[str, str], Payment]) -> Changes:
        """Record the inserted payments, by (merchant, key); returns their events and answers."""
        changes = Changes([], {}, [])
        for command in self._fresh.values():
            if command.operation is Operation.AUTHORIZE:
                payment = stored[command.merchant_id, command.key]
                self._succeed(command, payment, payment.amount, payment.requested_at, changes)
        self._answers.update(changes.answers)
        return changes

    def digests(self) -> dict[Key, str]:
        """Keys to reserve before payments are locked, with the digests of their commands."""
        return {c.scope: c.digest for c in self._fresh.values() if c.operation is not Operation.AUTHORIZE}

    def locked_payments(self) -> set[int]:
        """Ids of the payments to lock: those that commands with new keys and expiries change."""
        return {c.payment_id for c in self._changing()}

    def change(self, payments: Mapping[int, Payment], now: datetime) -> Changes:
        """Apply the commands one after the other to the locked payments, at `now`."""
        known = dict(payments)
        changed: dict[int, Payment] = {}
        changes = Changes([], {}, [])
        for command in self._changing():
            try:
                payment, step = apply(command, known[command.payment_id], now)
            except Conflict as conflict:
                if command.operation is not Operation.EXPIRE:
                    body = body_of(conflict, instance=command.instance, request_id=command.request_id).decode()
                    changes.answers[command.scope] = StoredAnswer(command.digest, status_of(conflict.code), body)
                continue
            known[payment.payment_id] = changed[payment.payment_id] = payment
            self._succeed(command, payment, step, now, changes)
        changes.payments.extend(changed.values())
        self._answers.update(changes.answers)
        return changes

    def results(self) -> list[Result]:
        """One result for each command, in their order."""
        return [self._result(command) for command in self._commands]

    def _changing(self) -> Iterable[Command]:
        return (*(c for c in self._fresh.values() if c.operation is not Operation.AUTHORIZE), *self._expiring)

    def _succeed(self, command: Command, payment: Payment, step: int, now: datetime, changes: Changes) -> None:
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
        if id(command) in self._missing:
            return Result(error=NotFound(f"There is no payment {command.payment_id} of this merchant."))
        answer = self._answers[command.scope]
        if answer.is_expired:
            return Result(error=IdempotencyKeyExpired("This key was used, and its answer is no longer kept."))
        if answer.digest != command.digest:
            return Result(error=IdempotencyKeyReused())
        if self._fresh.get(command.scope) is not command:
            return Result(answer.status, answer.body, replayed=True)
        amount, currency, payment_id = self._steps.get(command.scope, _Step(payment_id=command.payment_id))
        return Result(answer.status, answer.body, step=amount, currency=currency, payment_id=payment_id)
