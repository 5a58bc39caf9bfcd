"""The acquirer's use cases. Each request is one transaction: its line in the journal, what it changes, and its event.

A request that a fault delays is two: it is noted, it waits, then it is carried out.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from psp import answers, events, fault_rules, journal, store
from psp.answers import Answer
from psp.cards import TEST_NUMBERS, TokenKind, ends
from psp.clock import SECOND, Clock, day_of
from psp.faults import Fault, Hit, RequestKind, Target
from psp.operations import Command, Kind, State, decide

Result = TypeVar("Result")
Act = Callable[[sqlite3.Connection, int, Hit], Answer]
"""(transaction, now, what goes wrong) → answer."""
NO_NUMBER: Final = "This card is not taken: only the test numbers of the documentation are."


class Runs(Protocol):
    """Runs a function in a transaction and returns its result when it is committed."""

    def __call__(self, command: Callable[[sqlite3.Connection], Result]) -> Result:
        """What the function raises undoes the transaction, and is raised."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: what for, about which reference, and what of it is kept in the journal."""

    kind: RequestKind
    reference: str | None = None
    kept: dict[str, Any] | None = None
    token_kind: TokenKind | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """The answer, and what goes wrong with it on its way."""

    answer: Answer
    hit: Hit = field(default=Hit())


class Acquirer:
    """What the API of the acquirer does."""

    def __init__(self, run: Runs, clock: Clock, pause: Callable[[float], None], *, tells: bool) -> None:
        """`run`: in a transaction; `pause`: wait for seconds; `tells`: whether somebody receives events."""
        self._run = run
        self._clock = clock
        self._pause = pause
        self._tells = tells

    def tokenize(self, number: str, expiry: str) -> Served:
        """A token for a test card; 402 CARD_NOT_ACCEPTED for any other number, and after the expiry (MM/YY)."""
        digits = number.replace(" ", "")
        brand, kind = TEST_NUMBERS.get(digits, ("", None))

        def act(connection: sqlite3.Connection, now: int, _hit: Hit) -> Answer:
            if kind is None:
                return answers.refusal("CARD_NOT_ACCEPTED", NO_NUMBER)
            if day_of(now) >= ends(expiry):
                return answers.refusal("CARD_NOT_ACCEPTED", "The card has expired.")
            token = store.add_token(connection, kind)
            made: answers.Token = {"token": token, "kind": kind, "brand": brand, "last4": digits[-4:]}
            return Answer("CREATED", 201, made)

        return self._serve(Asked(RequestKind.TOKEN, token_kind=kind), act)

    def operate(self, command: Command) -> Served:
        """Carry out a command once; its repetition gets the answer of the first."""
        said = {"amount": command.amount, "currency": command.currency}
        said |= {"token": command.token, "authorization": command.authorization}
        kept = {name: value for name, value in said.items() if value is not None}
        asked = Asked(RequestKind(command.kind.value), command.reference, kept)
        return self._serve(asked, lambda connection, now, hit: self._once(connection, command, now, hit))

    def enquire(self, reference: str) -> Served:
        """What is known of a reference; 404 NOT_FOUND when nothing is."""

        def act(connection: sqlite3.Connection, _now: int, _hit: Hit) -> Answer:
            row = store.operation(connection, reference)
            if row is None:
                return answers.refusal("NOT_FOUND", "No operation has this reference.")
            return Answer("FOUND", 200, answers.operation(row))

        return self._serve(Asked(RequestKind.ENQUIRY, reference), act)

    def cancel(self, reference: str) -> Served:
        """Make sure that an operation that has not happened never will. What has happened stays, and is told."""

        def act(connection: sqlite3.Connection, now: int, _hit: Hit) -> Answer:
            row = store.bury(connection, reference, now)
            cancelled = row["state"] == State.CANCELLED
            told: answers.Cancelled = {
                "reference": reference,
                "cancelled": cancelled,
                "operation": answers.operation(row),
            }
            return Answer("CANCELLED" if cancelled else "NOT_CANCELLED", 200, told)

        return self._serve(Asked(RequestKind.CANCEL, reference), act)

    def settle(self, act: Act) -> Served:
        """Serve a settlement file: `act` gives its answer."""
        return self._serve(Asked(RequestKind.SETTLEMENT), act)

    def refuse(self, kind: str, reference: str | None, refused: Answer) -> None:
        """Note a request that was refused before anything was decided."""

        def note(connection: sqlite3.Connection) -> None:
            seq, _ = journal.receive(connection, self._clock.take(connection), kind, reference, None)
            journal.finish(connection, seq, Hit(), refused)

        self._run(note)

    def decide_due(self) -> int:
        """Decide operations whose late success is due. Returns how many."""

        def mature(connection: sqlite3.Connection) -> int:
            if not store.due(connection, self._clock.look(connection)):
                return 0  # without a write, so that an idle simulator does not touch the disk
            return self._mature(connection, self._clock.take(connection))

        return self._run(mature)

    def _serve(self, asked: Asked, act: Act) -> Served:
        def begin(connection: sqlite3.Connection) -> tuple[int, Hit, Answer | None]:
            now = self._clock.take(connection)
            self._mature(connection, now)
            seq, attempt = journal.receive(connection, now, asked.kind, asked.reference, asked.kept)
            token = asked.token_kind or self._token_kind(connection, asked)
            hit = fault_rules.hit(connection, Target(asked.kind, asked.reference, token, attempt))
            return seq, hit, None if hit.delay else _carry_out(connection, seq, hit, act, now)

        def go_on(connection: sqlite3.Connection) -> Answer:
            now = self._clock.take(connection)
            self._mature(connection, now)
            return _carry_out(connection, seq, hit, act, now)

        seq, hit, answer = self._run(begin)
        if answer is None:
            self._pause(hit.delay)
            answer = self._run(go_on)
        return Served(answer, hit)

    def _once(self, connection: sqlite3.Connection, command: Command, now: int, hit: Hit) -> Answer:
        known = store.operation(connection, command.reference)
        if known is not None:
            if known["state"] != State.CANCELLED and known["digest"] != command.digest():
                return answers.refusal("IDEMPOTENCY_CONFLICT", "The reference names another operation.")
            return answers.of_operation(known, replayed=True)
        named = command.authorization and store.by_reference_or_id(connection, command.authorization)
        late = hit.fault is Fault.LATE_SUCCESS
        due_at = now + round(hit.seconds * SECOND) if late else None
        row = store.accept(connection, command, named["reference"] if named else None, now, due_at)
        copies = 2 if hit.fault is Fault.DUPLICATE_CALLBACK else 1
        return answers.of_operation(row if late else self._decide(connection, row, now, copies))

    def _mature(self, connection: sqlite3.Connection, now: int) -> int:
        rows = store.due(connection, now)
        for row in rows:
            self._decide(connection, row, now, 1)
        return len(rows)

    def _decide(self, connection: sqlite3.Connection, row: sqlite3.Row, now: int, copies: int) -> sqlite3.Row:
        kind = Kind(row["kind"])
        command = Command(kind, row["reference"], row["amount"], row["currency"], row["token"], row["authorization"])
        decision = decide(
            command,
            store.token_kind(connection, row["token"]),
            store.authorization(connection, row["authorization"]),
        )
        decided = store.decide(connection, row, decision, now)
        if self._tells:
            asked = Asked(RequestKind(kind.value), row["reference"])
            events.add(connection, decided, self._token_kind(connection, asked), now, copies)
        return decided

    def _token_kind(self, connection: sqlite3.Connection, asked: Asked) -> TokenKind | None:
        """The kind of the token of the authorization that a request is about."""
        kept = asked.kept or {}
        if "token" in kept:
            return store.token_kind(connection, kept["token"])
        if "authorization" in kept:
            row = store.by_reference_or_id(connection, kept["authorization"])
        else:
            row = store.operation(connection, asked.reference or "")
        if row is not None and row["authorization"] is not None:
            row = store.operation(connection, row["authorization"])
        return None if row is None else store.token_kind(connection, row["token"])


def _carry_out(connection: sqlite3.Connection, seq: int, hit: Hit, act: Act, now: int) -> Answer:
    if hit.prevents:
        code = "RATE_LIMITED" if hit.fault is Fault.RATE_LIMITED else "INTERNAL_ERROR"
        answer = answers.refusal(code, "Try again later.", "NOT_PROCESSED", {"Retry-After": "1"})
    else:
        answer = act(connection, now, hit)
    journal.finish(connection, seq, hit, answer)
    return answer
