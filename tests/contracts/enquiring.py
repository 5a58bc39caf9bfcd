"""Operations at a scripted acquirer, and rounds of enquiries about them."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine, select, update

from payments.acquiring import store
from payments.acquiring.connector import Answer, Connector, Kind, Operation, Repeated, Seen
from payments.acquiring.enquiries import Enquiries
from payments.acquiring.operation import StoredOperation
from payments.acquiring.rules import Learned, State, Told
from payments.payment import store as payment_store
from payments.payment.commands import Command
from payments.payment.rules import Payment
from payments.platform.clock import database_now, monotonic
from payments.platform.tables.acquirer import acquirer_operation as table
from tests.contracts.commands import authorize, conclude, run_one
from worker.acquirer import conclude_all

NAME: Final = "simulator"
Call = tuple[str, str]
"""What was asked, and the reference: ("enquire", "00-1-authorization-1")."""
_ABOUT: Final = frozenset({Seen.APPROVED, Seen.DECLINED, Seen.CANCELLED})


@dataclass
class Scripted:
    """A connector that answers what it is told to, by what is asked or by what is asked of a reference."""

    says: dict[str | Call, Seen | Callable[[], Seen]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def authorize(self, operation: Operation, _payment_method: str, _within: float) -> Answer:
        return self._answer("authorize", operation)

    def capture(self, operation: Operation, _authorization: str, _within: float) -> Answer:
        return self._answer("capture", operation)

    def refund(self, operation: Operation, _authorization: str, _within: float) -> Answer:
        return self._answer("refund", operation)

    def void(self, operation: Operation, authorization: str, _within: float) -> Answer:
        assert authorization, "a void is of an authorization"
        return self._answer("void", operation)

    def enquire(self, operation: Operation, _within: float) -> Answer:
        return self._answer("enquire", operation)

    def cancel(self, operation: Operation, _within: float) -> Answer:
        return self._answer("cancel", operation)

    def _answer(self, asked: str, operation: Operation) -> Answer:
        self.calls.append((asked, operation.reference))
        says = self.says.get((asked, operation.reference), self.says.get(asked, Seen.APPROVED))
        seen = says if isinstance(says, Seen) else says()
        about = Repeated(operation.reference, operation.kind, operation.amount, operation.currency)
        return Answer(seen, about if seen in _ABOUT else None, "op_1" if seen in _ABOUT else None)


class Rounds:
    """One housekeeping's rounds on a database; `ahead` moves its clock."""

    def __init__(self, engine: Engine, **connectors: Connector) -> None:
        self.engine = engine
        self.acquirer = Scripted()
        self.ahead = timedelta(0)
        self.stopping = threading.Event()
        self.noted: list[tuple[Kind, Learned]] = []
        self.unstored: set[str] = set()
        """References that cannot be concluded."""
        given: dict[str, Connector] = dict(connectors) or {NAME: self.acquirer}
        self.enquiries = Enquiries(
            engine, given, self._conclude, self.now, self.stopping.is_set, lambda *noted: self.noted.append(noted)
        )

    def now(self, connection: Connection) -> datetime:
        return database_now(connection) + self.ahead

    def run(self, **says: Seen | Callable[[], Seen]) -> list[Call]:
        """One round with these answers; returns its calls."""
        self.acquirer.says.update(says)
        before = len(self.acquirer.calls)
        self.enquiries.round()
        return self.acquirer.calls[before:]

    def _conclude(self, told: Sequence[tuple[StoredOperation, Told]]) -> list[str]:
        lost = [each.reference for _, each in told if each.reference in self.unstored]
        stored = [pair for pair in told if pair[1].reference not in lost]
        return lost + conclude_all(self.engine, stored, monotonic, lambda _seconds: None)


def sent(engine: Engine, command: Command | None = None, key: str = "a") -> str:
    """The reference of an operation whose caller said nothing, by default an authorization; it is due."""
    call = run_one(engine, command or authorize(key, connector=NAME)).call
    assert call is not None
    make_due(engine)
    return call.operation.reference


def unknown(engine: Engine, key: str = "a") -> str:
    """The same, whose call was not answered; it is due."""
    reference = sent(engine, key=key)
    run_one(engine, conclude(reference, Learned.UNKNOWN, answered=False))
    return reference


def held(engine: Engine, key: str = "a", lifetime: timedelta = timedelta(days=7)) -> int:
    """The id of a payment that the acquirer has approved."""
    reference = sent(engine, authorize(key, connector=NAME, lifetime=lifetime))
    assert run_one(engine, conclude(reference, Learned.APPROVED)).status == 200
    return int(reference.split("-")[1])


def make_due(engine: Engine) -> None:
    """Let the time come at which undecided operations are asked about."""
    with engine.begin() as connection:
        past = database_now(connection) - timedelta(hours=1)
        connection.execute(update(table).where(table.c.next_enquiry_at.is_not(None)).values(next_enquiry_at=past))


def stored(engine: Engine, reference: str) -> StoredOperation:
    """An operation as it is stored."""
    with engine.connect() as connection:
        return store.lock(connection, [reference])[reference]


def states(engine: Engine) -> dict[str, State]:
    """The state of each operation."""
    with engine.connect().execution_options(reading=True) as connection:
        rows = connection.execute(select(table.c.reference, table.c.state))
        return {row.reference: State(row.state) for row in rows}


def payment_of(engine: Engine, reference: str) -> Payment:
    """The payment of an operation."""
    with engine.connect() as connection:
        found = payment_store.get(connection, int(reference.split("-")[1]))
    assert found is not None
    return found
