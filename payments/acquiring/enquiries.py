"""Finds out what became of operations whose outcome is not known, and sends those that nobody else sends.

An operation is claimed in a short transaction, and no connection is held while its acquirer is asked. What comes of it
is stored by `Conclude`, because payments are on a floor above.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from payments import crash_points
from payments.acquiring import store
from payments.acquiring.connector import Answer, Connector, Kind, Seen
from payments.acquiring.operation import StoredOperation, concluded, sent
from payments.acquiring.rules import REPAIR, Learned, Repair, State, Told, told_by
from payments.platform.clock import database_now
from payments.platform.trusted_clock.guard import Now
from payments.platform.writing import write

AT_ONCE: Final = 16
"""Calls of one round at the same time."""
PER_ROUND: Final = 3 * AT_ONCE
"""Operations. Each takes two calls at most, so that all of them end within 12 s, before the claim does."""
CALL_SECONDS: Final = 2.0
CLAIM: Final = timedelta(seconds=15)
"""After which another round may claim what a round has claimed: its process was killed."""
POSTPONED: Final = timedelta(seconds=5)
"""For what was certainly not sent. The gate's breaker waits as long before it lets a call through."""
NAMED: Final = 10

Conclude = Callable[[Sequence[tuple[StoredOperation, Told]]], Collection[str]]
"""Stores what was learned of operations; returns the references of those that could not be stored."""
Asked = Future[Answer | None]

_log = logging.getLogger(__name__)


class NotAllConcluded(Exception):
    """Some operations failed, and are due again when their claim ends; the others were concluded. Names references."""


@dataclass(slots=True)
class _Round:
    """What one round has seen. Its threads share `refusing`, to which they only add."""

    began: datetime
    refusing: set[str] = field(default_factory=set)
    """Connectors whose breaker refuses calls."""
    not_asked: list[str] = field(default_factory=list)
    """References to postpone."""
    failed: list[str] = field(default_factory=list)
    late: set[str] = field(default_factory=set)
    """References of what a request had sent, and whose call may run still."""

    @property
    def until(self) -> datetime:
        """When the claim ends; a row that has this time is still as the claim left it."""
        return self.began + CLAIM


class Enquiries:
    """Asks about all that is due, round by round. Several processes may, each with one thread for its rounds."""

    def __init__(
        self,
        engine: Engine,
        connectors: Mapping[str, Connector],
        conclude: Conclude,
        now: Now = database_now,
        stopping: Callable[[], bool] = lambda: False,
        note: Callable[[Kind, Learned], None] = lambda _kind, _learned: None,
    ) -> None:
        """`connectors` by name; `now` is called in the claim's transaction; `note` is told of each call that was made.

        While `stopping`, no call begins.
        """
        self._engine = engine
        self._connectors = connectors
        self._conclude = conclude
        self._now = now
        self._stopping = stopping
        self._note = note

    def round(self) -> bool:
        """Ask about at most PER_ROUND operations, those first that are due longest; returns whether more may be due.

        Each is asked once, and cancelled at once where the acquirer does not know it. One that hangs delays no other's
        conclusion. Raises NotAllConcluded, SQLAlchemyError, and what `now` raises.
        """
        this, claimed = self._claim()
        if claimed:
            self._ask_all(this, self._without_late(this, claimed))
        if this.not_asked:
            self._postpone(this)
        if this.failed:
            raise NotAllConcluded(f"{len(this.failed)} of {len(claimed)} failed, such as {this.failed[:NAMED]}.")
        return len(claimed) == PER_ROUND and not this.not_asked

    def _claim(self) -> tuple[_Round, list[StoredOperation]]:
        """What is due, as it is stored from now on, with the intention to send what is CREATED.

        What a process leaves that dies after this is asked about when the claim ends.
        """
        with self._engine.connect().execution_options(reading=True) as connection:
            now = self._now(connection)
            due = store.due(connection, now, PER_ROUND)
        this = _Round(now)
        if not due:
            return this, []
        with self._engine.begin() as connection:
            this.began = self._now(connection)
            ids = store.claim(connection, [each.operation_id for each in due], this.until, this.began)
            references = [each.reference for each in due if each.operation_id in ids]
            rows = store.lock(connection, references)
            this.late = {name for name, row in rows.items() if row.state is State.SENT}
            begun = [_begun(row, this) for row in rows.values() if row.state is State.CREATED]
            if begun:
                write(connection, store.saving(begun))
        crash_points.reach("after_enquiry_claim")
        rows |= {each.reference: each for each in begun}
        return this, [rows[name] for name in references]

    def _without_late(self, this: _Round, claimed: Sequence[StoredOperation]) -> list[StoredOperation]:
        """The claimed operations, after those whose caller is late or dead are stored as UNKNOWN."""
        late = [each for each in claimed if each.reference in this.late]
        nothing = [(each, Told(each.reference, Learned.UNKNOWN, answered=False, is_repair=True)) for each in late]
        lost = self._conclude(nothing) if nothing else ()
        this.failed += lost
        unknown = {each.reference: replace(each, state=State.UNKNOWN) for each in late}
        return [unknown.get(each.reference, each) for each in claimed if each.reference not in lost]

    def _ask_all(self, this: _Round, operations: Sequence[StoredOperation]) -> None:
        """Ask in parallel; what is answered meanwhile is concluded together."""
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="acquirer")
        try:
            running = {pool.submit(self._ask, this, each): each for each in operations}
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                to_cancel = self._store(this, [(running.pop(asked), asked) for asked in done])
                running |= {pool.submit(self._ask, this, each): each for each in to_cancel}
        finally:  # without an error nothing is left to cancel
            pool.shutdown(cancel_futures=True)

    def _ask(self, this: _Round, stored: StoredOperation) -> Answer | None:
        """One call about one operation, in a thread. None: no call, because we stop or the breaker refuses."""
        if self._stopping() or stored.connector in this.refusing:
            return None
        connector = self._connectors.get(stored.connector)
        if connector is None:  # the setting is gone
            return Answer(Seen.NOT_CONNECTED)
        answer = _call(connector, stored)
        crash_points.reach("after_acquirer_call")
        if answer.seen is Seen.BREAKER_OPEN:
            this.refusing.add(stored.connector)
            return None
        return answer

    def _store(self, this: _Round, ended: Sequence[tuple[StoredOperation, Asked]]) -> list[StoredOperation]:
        """Conclude what was told; returns what is to be cancelled now, because FENCING is stored."""
        told: list[tuple[StoredOperation, Told]] = []
        for stored, asked in ended:
            if error := asked.exception():
                _log.error("enquiry_failed", extra={"reference": stored.reference}, exc_info=error)
                this.failed.append(stored.reference)
                continue
            answer = asked.result()
            if answer is None:
                this.not_asked.append(stored.reference)
                continue
            learned = told_by(stored.call, answer, is_repair=stored.state is not State.SENT)
            self._note(stored.kind, learned.learned)
            if learned.learned is not Learned.NOT_FOUND or stored.reference not in this.late:
                told.append((stored, learned))  # what may be on its way still is not cancelled yet
        lost = self._conclude(told) if told else ()
        this.failed += lost
        after = [(stored, concluded(stored, each, this.began)) for stored, each in told if stored.reference not in lost]
        # what was FENCING before was cancelled in vain: it is due again later
        return [new for old, new in after if new.state is State.FENCING and old.state is not State.FENCING]

    def _postpone(self, this: _Round) -> None:
        """Ask later about what nobody was asked about; what was to be sent is CREATED again.

        Only where the claim still holds: the others are concluded.
        """
        with self._engine.begin() as connection:
            later = self._now(connection) + POSTPONED
            rows = store.lock(connection, sorted(this.not_asked)).values()
            held = [_postponed(row, later) for row in rows if row.next_enquiry_at == this.until]
            if held:
                write(connection, store.saving(held))


def _begun(created: StoredOperation, this: _Round) -> StoredOperation:
    return replace(sent(created, this.began), next_enquiry_at=this.until)


def _postponed(claimed: StoredOperation, later: datetime) -> StoredOperation:
    if claimed.state is State.SENT:
        return replace(claimed, state=State.CREATED, sent_at=None, next_enquiry_at=later)
    return replace(claimed, next_enquiry_at=later)


def _call(connector: Connector, stored: StoredOperation) -> Answer:
    """The call that a claimed operation needs, by its state."""
    if stored.state is not State.SENT:
        ask = connector.cancel if REPAIR.get(stored.state) is Repair.CANCEL else connector.enquire
        return ask(stored.call, CALL_SECONDS)
    calls = {Kind.CAPTURE: connector.capture, Kind.REFUND: connector.refund, Kind.VOID: connector.void}
    return calls[stored.kind](stored.call, stored.authorization_reference or "", CALL_SECONDS)
