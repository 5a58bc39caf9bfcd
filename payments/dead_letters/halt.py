"""The halt on poison: a flood of messages that cannot be posted means a broken sender, which an operator must check.

A halt loses nothing: the messages stay in Kafka, and the good ones are posted when an operator resumes.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from payments.dead_letters import halt_store
from payments.dead_letters.halt_store import Halt
from payments.dead_letters.poison import UNTIL_QUIET, Window, check
from payments.platform.clock import database_now
from payments.platform.operators import note_action


class PostingHalted(Exception):
    """Posting is halted; `detail` says why. Retry until an operator has ended the halt."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class PoisonWatch:
    """The last messages of one ledger worker, since it started or since the last halt ended."""

    def __init__(self) -> None:
        self._window = Window()
        self._halt_id = 0

    @property
    def halt_id(self) -> int:
        """The newest halt at the last check; 0: there was none."""
        return self._halt_id

    def check(self, connection: Connection | None, last: Halt | None, marks: Sequence[str | None]) -> Window:
        """Check a batch in its transaction (None: it changes nothing); `last`: the newest halt. Raises PoisonFlood."""
        halt_id, accepted_left = (last.halt_id, last.accepted_left) if last is not None else (0, 0)
        if halt_id != self._halt_id:
            self._window, self._halt_id = Window(), halt_id
        if not accepted_left or connection is None:
            return check(self._window, marks, accepted_left).window
        if accepted_left == UNTIL_QUIET or any(mark is not None for mark in marks):
            # another worker may have used some of it
            accepted_left = halt_store.lock_accepted_left(connection, halt_id)
        checked = check(self._window, marks, accepted_left)
        if checked.accepted_left != accepted_left:
            halt_store.set_accepted_left(connection, halt_id, checked.accepted_left)
        return checked.window

    def keep(self, window: Window) -> None:
        """Keep the window that `check` returned; call it when the batch is committed."""
        self._window = window


def refuse_when_halted(last: Halt | None) -> None:
    """Raise PostingHalted while the newest halt is open."""
    if last is not None and last.is_open:
        raise PostingHalted(last.detail)


def begin(engine: Engine, detail: str, after: int | None = None) -> bool:
    """Halt all ledger workers, also those that start later; returns whether they are halted now.

    Does nothing when an operator has ended a halt newer than `after` (None: no such check): he may have accepted the
    reason.
    """
    with engine.begin() as connection:
        last = halt_store.newest(connection)
        if last is not None and last.is_open:
            return True
        if after is not None and last is not None and last.halt_id > after:
            return False
        halt_store.begin(connection, detail, database_now(connection))
        return True


def resume(connection: Connection, accepted: int, actor: str) -> str | None:
    """End the halt and log the operator. `accepted`: poison messages that do not count (UNTIL_QUIET: all until quiet).

    Returns why posting was halted; None: it was not, and nothing is logged. A halt that begins meanwhile stays.
    """
    found = halt_store.lock_open(connection)
    if not found:
        return None
    halt_store.resume(connection, found, accepted, database_now(connection))
    halt_id, detail = max(found.items())
    terms = "skip-check" if accepted == UNTIL_QUIET else f"accept-poison {accepted}"
    note_action(connection, actor, "ledger.resume", f"halt {halt_id}", f"{terms}; it was halted: {detail}")
    return detail
