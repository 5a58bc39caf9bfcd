"""Our side of a run, read from the database in bounded pieces, each on a connection of its own."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, ColumnElement, Engine, Row, Table, and_, bindparam, func, literal, or_, select

from payments.acquiring.connector import Kind
from payments.acquiring.rules import WITHOUT_MONEY, State
from payments.platform.tables.acquirer import acquirer_operation as operation
from payments.platform.tables.reconciliation import recon_exception, recon_line
from payments.reconciliation import store
from payments.reconciliation.exception_store import ACTOR
from payments.reconciliation.reconcile import Ours
from payments.reconciliation.rules import ExceptionClass, ExceptionState, Expected, FileState, Settled
from payments.reconciliation.settled_lookup import SettledLookup

PART: Final = 500
"""References in one statement. MariaDB makes a join of a list of 1,000, and then may read the table."""
SLICE: Final = 250
"""Operations that one statement looks through for missing ones."""
_KINDS: Final = {kind.value: kind for kind in Kind}
_STATES: Final = {state.value: state for state in State}
_DIFFERS: Final = (ExceptionClass.TYPE.value, ExceptionClass.CURRENCY.value)
_NOT_ENDED: Final = (ExceptionState.WAITING.value, ExceptionState.OPEN.value)
_of_operation = recon_exception.c.operation_id == operation.c.operation_id
_is_missing = recon_exception.c.missing_operation_id == operation.c.operation_id
_class, _state = recon_exception.c.exception_class, recon_exception.c.state


def _there_is(table: Table, index: str, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """By this index, and no EXISTS: MariaDB makes one list of the whole table of it, rather than look up a few."""
    found = select(literal(1)).with_hint(table, f"FORCE INDEX ({index})", "mysql").where(*conditions)
    return found.limit(1).scalar_subquery().is_not(None)


_IS_MATCHED: Final = _there_is(
    recon_line,
    "uq_recon_line_operation",
    recon_line.c.operation_id == operation.c.operation_id,
    recon_line.c.file_id.not_in(bindparam("unread", expanding=True)),
)
_USED: Final = or_(
    _IS_MATCHED,
    _there_is(
        recon_exception,
        "ix_exception_operation",
        _of_operation,
        or_(
            _class == ExceptionClass.AMOUNT.value,
            # what was resolved was another operation's line: the right one may still come
            and_(_class.in_(_DIFFERS), _state != ExceptionState.RESOLVED.value),
            # its money has left the receivable
            and_(_class == ExceptionClass.MISSING_AT_ACQUIRER.value, _state == ExceptionState.WRITTEN_OFF.value),
            # a file has named it: when it was without money, or before nothing took it back
            and_(_class == ExceptionClass.UNKNOWN_TO_US.value, operation.c.state == State.REVERSED.value),
        ),
    ),
)
_MISSING: Final = (
    select(recon_exception.c.exception_id)
    .with_hint(recon_exception, "FORCE INDEX (uq_exception_missing)", "mysql")
    .where(_is_missing, _state.in_(_NOT_ENDED))
    .scalar_subquery()
)
_MOVES_MONEY: Final = operation.c.kind.in_((Kind.CAPTURE.value, Kind.REFUND.value))
_IS_OWED: Final = (
    operation.c.state.in_((State.APPROVED.value, State.REVERSED.value)),
    _MOVES_MONEY,
    ~_USED,
    # said already, or ended by an operator; what a file has ended may be missing again
    ~_there_is(
        recon_exception,
        "uq_exception_missing",
        _is_missing,
        or_(_state.in_(_NOT_ENDED), recon_exception.c.actor != ACTOR),
    ),
)
_IS_UNFOUNDED: Final = (
    operation.c.state.in_([state.value for state in WITHOUT_MONEY]),
    _MOVES_MONEY,
    _IS_MATCHED,
)
_COLUMNS: Final = (
    operation.c.operation_id,
    operation.c.reference,
    operation.c.acquirer_reference,
    operation.c.kind,
    operation.c.currency,
    operation.c.amount,
    operation.c.state,
    operation.c.payment_id,
    func.coalesce(
        operation.c.decided_at, operation.c.sent_at, operation.c.created_at, type_=operation.c.created_at.type
    ).label("at"),
)
_EXPECTED: Final = select(*_COLUMNS, _USED.label("used"), _MISSING.label("missing_id")).where(
    operation.c.connector == bindparam("connector")
)


def _named(column: Column[Any], index: str) -> Any:
    hinted = _EXPECTED.with_hint(operation, f"FORCE INDEX ({index})", "mysql")
    return hinted.where(column.in_(bindparam("names", expanding=True)))


_BY_REFERENCE: Final = _named(operation.c.reference, "uq_acquirer_reference")
_BY_ACQUIRER_REFERENCE: Final = _named(operation.c.acquirer_reference, "ix_acquirer_theirs")
_END_OF_SLICE: Final = (
    select(operation.c.decided_at)
    .where(operation.c.decided_at >= bindparam("since"), operation.c.decided_at < bindparam("until"))
    .order_by(operation.c.decided_at)
    .offset(bindparam("skipped"))
    .limit(1)
)
_OWED: Final = (
    _EXPECTED.with_hint(operation, "FORCE INDEX (ix_acquirer_decided)", "mysql")
    .where(
        operation.c.decided_at >= bindparam("since"),
        operation.c.decided_at < bindparam("until"),
        # both in one reading: there may be a million of them, and few are either
        or_(and_(*_IS_OWED), and_(*_IS_UNFOUNDED)),
    )
    .order_by(operation.c.decided_at, operation.c.operation_id)
)
_OWED_AGAIN: Final = _EXPECTED.where(
    operation.c.operation_id.in_(
        select(recon_exception.c.operation_id).where(
            recon_exception.c.ended_at >= bindparam("since"),
            _class.in_(_DIFFERS),
            _state == ExceptionState.RESOLVED.value,
        )
    ),
    operation.c.decided_at < bindparam("since"),
    *_IS_OWED,
).order_by(operation.c.operation_id)
"""Older ones, about which a line seemed to be."""
_MICROSECOND: Final = timedelta(microseconds=1)


class Window(NamedTuple):
    """When operations were decided that have to be in a file by now: from `since`, before `until`."""

    since: datetime
    until: datetime


def ours(engine: Engine, connector: str, window: Window | None, rest: Callable[[], None] = lambda: None) -> Ours:
    """Our operations at this acquirer. `window`: of those that may be missing; None: nothing is.

    `rest` is called after each statement.
    """
    looking = _Looking(engine, connector, rest)
    return Ours(
        looking.settled,
        looking.by_reference,
        looking.by_acquirer_reference,
        lambda: looking.owed(window) if window else (),
    )


class _Looking:
    def __init__(self, engine: Engine, connector: str, rest: Callable[[], None]) -> None:
        self._engine = engine
        self._connector = connector
        self._rest = rest
        self._unread = self._reading()
        self._settled = SettledLookup(engine, connector, self._unread)

    def settled(self, references: Sequence[str]) -> dict[str, Settled]:
        found = self._settled.of(references)
        self._rest()
        return found

    def by_reference(self, references: Sequence[str]) -> dict[str, Expected]:
        return {found.reference: found for found in self._named(_BY_REFERENCE, references)}

    def by_acquirer_reference(self, references: Sequence[str]) -> dict[str, Expected]:
        found = self._named(_BY_ACQUIRER_REFERENCE, references)
        # should two have one, the same is taken in each run
        return {each.acquirer_reference or "": each for each in sorted(found, reverse=True)}

    def owed(self, window: Window) -> Iterator[Expected]:
        since, self._unread = window.since, self._reading()
        while since < window.until:
            until = self._end_of_slice(since, window.until)
            yield from self._read(_OWED, {"since": since, "until": until})
            since = until
        yield from self._read(_OWED_AGAIN, {"since": window.since})

    def _reading(self) -> list[int]:
        """Files whose lines do not count: this run's own, whose matches it knows, and what a killed one has left."""
        with self._engine.connect().execution_options(reading=True) as connection:
            return store.in_state(connection, FileState.READING)

    def _end_of_slice(self, since: datetime, until: datetime) -> datetime:
        with self._engine.connect().execution_options(reading=True) as connection:
            last: datetime | None = connection.execute(
                _END_OF_SLICE, {"since": since, "until": until, "skipped": SLICE}
            ).scalar()
        return until if last is None else last + _MICROSECOND

    def _named(self, statement: Any, names: Sequence[str]) -> Iterator[Expected]:
        for start in range(0, len(names), PART):
            yield from self._read(statement, {"names": names[start : start + PART]})

    def _read(self, statement: Any, values: dict[str, Any]) -> list[Expected]:
        with self._engine.connect().execution_options(reading=True) as connection:
            rows = connection.execute(statement, {"connector": self._connector, "unread": self._unread, **values}).all()
        self._rest()
        return [_expected(row) for row in rows]


def _expected(row: Row[Any]) -> Expected:
    of_kind, state = _KINDS[row.kind], _STATES[row.state]
    named = (row.operation_id, row.reference, row.acquirer_reference)
    return Expected(
        *named, of_kind, row.currency, row.amount, state, row.at, bool(row.used), row.payment_id, row.missing_id
    )
