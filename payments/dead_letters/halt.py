"""The halt on poison: a flood of messages that cannot be posted means a broken sender, and somebody should look.

Nothing is lost by halting: the messages stay in Kafka, and good ones behind the poison are posted after the resumption.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from payments.dead_letters import halt_store
from payments.dead_letters.halt_store import Halt
from payments.dead_letters.poison import UNTIL_QUIET, Window, check
from payments.platform.clock import database_now
from payments.platform.operators import note_action


class PostingHalted(Exception):
    """Posting is halted; `detail` says why. Try again: when an operator has ended the halt, it goes on."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class PoisonWatch:
    """What one ledger worker has seen since it started, or since the last halt ended."""

    def __init__(self) -> None:
        self._window = Window()
        self._halt_id = 0

    @property
    def halt_id(self) -> int:
        """The halt that was the newest at the last look; 0: there was none."""
        return self._halt_id

    def check(self, connection: Connection | None, last: Halt | None, marks: Sequence[str | None]) -> Window:
        """Judge a batch in its transaction (None: it changes nothing) after the halt `last`. Raises PoisonFlood."""
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
        """The batch is committed: go on from what `check` gave."""
        self._window = window


def refuse_when_halted(last: Halt | None) -> None:
    """Raise PostingHalted while the newest halt is open."""
    if last is not None and last.is_open:
        raise PostingHalted(last.detail)


def begin(engine: Engine, detail: str, after: int | None = None) -> bool:
    """Halt all ledger workers, also those that start later; whether they are halted now.

    Not when an operator has meanwhile ended a newer halt than `after` (None: than all): the reason may be accepted.
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
    """End the halt and note who did: `accepted` more poison messages do not count (UNTIL_CALM: no check meanwhile).

    Returns why posting was halted; None, and nothing is noted: it was not. A halt that begins meanwhile stays.
    """
    found = halt_store.lock_open(connection)
    if not found:
        return None
    halt_store.resume(connection, found, accepted, database_now(connection))
    halt_id, detail = max(found.items())
    terms = "skip-check" if accepted == UNTIL_QUIET else f"accept-poison {accepted}"
    note_action(connection, actor, "ledger.resume", f"halt {halt_id}", f"{terms}; it was halted: {detail}")
    return detail
