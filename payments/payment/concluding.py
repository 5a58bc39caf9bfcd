"""The conclusions of one batch: what acquirers have told about operations, one after the other. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import orjson

from payments.acquiring.operation import StoredOperation
from payments.payment.answers import Result, StoredAnswer
from payments.payment.changes import Changes
from payments.payment.commands import Command, Key
from payments.payment.conclusion import Conclusion, conclude, key_of
from payments.payment.intent import Known, taken_back
from payments.payment.rules import Payment
from payments.platform.errors import NotFound

_LATER = Result(200)
"""Of an operation that no request waits for."""


class Concluding:
    """Call its methods in their order, each with what was read from the database."""

    def __init__(self, commands: Sequence[Command]) -> None:
        """Of the commands, those that conclude."""
        self._told = {id(command): command.told for command in commands if command.told is not None}
        self._commands = [command for command in commands if command.told is not None]
        self._found: dict[int, Conclusion] = {}
        self._answers: dict[Key, StoredAnswer] = {}

    def payments(self) -> set[int]:
        """Ids of their payments."""
        return {command.payment_id for command in self._commands}

    def references(self) -> list[str]:
        """Our references of their operations, to be locked after the payments."""
        return sorted({told.reference for told in self._told.values()})

    def apply(
        self,
        rows: dict[int, Payment],
        operations: Mapping[str, StoredOperation],
        now: datetime,
        known: Known,
        changes: Changes,
    ) -> None:
        """Change the payments `rows`, and add what is to be written. What is not stored changes nothing."""
        current = dict(operations)
        for command in self._commands:
            told = self._told[id(command)]
            if (before := current.get(told.reference)) is None:
                continue
            found = conclude(rows[before.payment_id], before, told, now)
            self._found[id(command)] = found
            if found.operation is before:
                continue
            rows[before.payment_id] = found.payment
            current[told.reference] = changes.concluded[told.reference] = found.operation
            known.note(found.operation)
            if found.event is not None:
                headers, request_id = orjson.loads(before.headers), before.request_id
                changes.events.append((found.event, replace(command, headers=headers, request_id=request_id)))
            if found.answer is not None and (key := key_of(before)) is not None:
                self._answers[key] = changes.answers[key] = found.answer
            if found.is_reversed:
                changes.intents.append((taken_back(found.operation, now, known), command))

    def keys_to_read(self) -> set[Key]:
        """Keys whose stored answers say what conclusions have not: others were faster, or nothing is known yet."""
        silent = (found.operation for found in self._found.values() if found.result is None)
        keys = {key for operation in silent if (key := key_of(operation)) is not None}
        return keys - self._answers.keys()

    def set_stored(self, answers: Mapping[Key, StoredAnswer]) -> None:
        """Record the stored answers of `keys_to_read`."""
        self._answers.update(answers)

    def result(self, command: Command) -> Result:
        """What the waiting request is told."""
        found = self._found.get(id(command))
        if found is None:
            return Result(error=NotFound("There is no such operation."))
        if found.result is not None:
            return found.result
        key = key_of(found.operation)
        answer = None if key is None else self._answers.get(key)
        return _LATER if answer is None else Result(answer.status, answer.body)
