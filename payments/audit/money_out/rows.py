"""Checks the rows of one table: all, or those that changed, that have a finding, and whose turn it is."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine, func, select

from payments.audit import findings as audit_findings
from payments.audit import store as audit_store
from payments.audit.findings import Kept
from payments.audit.money_out.parts import Part
from payments.audit.money_out.sources import finding
from payments.audit.snapshot import Difference
from payments.platform.clock import database_now
from payments.platform.tasks.throttle import Rests

CHUNK: Final = 50
"""Subjects in one snapshot."""


IN_TURN: Final = 100
"""Ids of each part that an audit checks in turn."""


COMMITTED_WITHIN: Final = timedelta(minutes=10)
"""A row has a time of its transaction: one that was committed since the last audit may have an older time."""


class Checked(NamedTuple):
    """What one step found, and what it changed among the findings; `subjects`: how many rows it checked."""

    subjects: int
    found: list[Difference]
    kept: Kept


class RowsAudit:
    """An audit of one table, which rests. Raises Stopped when the process is to end."""

    def __init__(self, engine: Engine, part: Part, rest: Rests) -> None:
        self._engine = engine
        self._part = part
        self._rest = rest

    def steps(self, suspects: Sequence[int], since: datetime | None, turn: int) -> Iterator[Checked]:
        """Check all when `since` is None, or the suspects, what changed, and those whose turn it is."""
        if since is None:
            yield from self._everything()
            return
        key = self._part.key
        written = {"since": since - COMMITTED_WITHIN}
        with audit_store.snapshot(self._engine) as connection:
            changed = connection.execute(select(key).where(self._part.has_changed), written).scalars().all()
            first = sorted({*suspects, *changed})
            others = sorted(set(self._in_turn(connection, turn)) - set(first))
        yield from self._chunks(first, thorough=True)
        yield from self._chunks(others, thorough=False)

    def _everything(self) -> Iterator[Checked]:
        after, key = 0, self._part.key
        while True:
            with audit_store.snapshot(self._engine) as connection:
                ids = connection.execute(select(key).where(key > after).order_by(key).limit(CHUNK)).scalars().all()
            if not ids:
                return
            yield self._check(ids, thorough=True)
            after = ids[-1]

    def _in_turn(self, connection: Connection, turn: int) -> Sequence[int]:
        """The ids of one of the windows into which all ids are divided."""
        key = self._part.key
        highest = connection.execute(select(func.max(key))).scalar() or 0
        start = turn % (highest // IN_TURN + 1) * IN_TURN
        return connection.execute(select(key).where(key > start, key <= start + IN_TURN)).scalars().all()

    def _chunks(self, ids: Sequence[int], *, thorough: bool) -> Iterator[Checked]:
        for start in range(0, len(ids), CHUNK):
            yield self._check(ids[start : start + CHUNK], thorough=thorough)

    def _check(self, ids: Sequence[int], *, thorough: bool) -> Checked:
        self._rest()
        with audit_store.snapshot(self._engine) as connection:
            now = database_now(connection)
            faults = self._part.faults(connection, ids, self._rest if thorough else None)
        found = [difference for number, said in faults.items() for difference in self._finding(number, said)]
        # without its items or lines a subject may be wrong in what was not read
        cleared = [Difference(self._part.kind, None, "", self._subject(number)) for number in faults if thorough]
        kept = audit_findings.keep_without_payment(self._engine, cleared, found, now)
        return Checked(len(faults), found, kept)

    def _finding(self, number: int, said: Collection[str]) -> list[Difference]:
        return finding(self._part.kind, self._subject(number), said)

    def _subject(self, number: int) -> str:
        return f"{self._part.noun} {number}"
