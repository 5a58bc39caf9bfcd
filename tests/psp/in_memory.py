"""The acquirer on a file in memory, with a clock that a test moves: its use cases without a process and HTTP."""

import sqlite3
from collections.abc import Callable
from typing import Final, TypeVar

from psp import database, fault_rules
from psp.acquirer import Acquirer
from psp.bodies import FaultRule
from psp.clock import SECOND, Clock

Result = TypeVar("Result")
START: Final = 1_800_000_000 * SECOND


class InMemory:
    """One acquirer. `now` is its machine's clock in microseconds; latencies are no waits."""

    def __init__(self) -> None:
        """An empty file."""
        self.now = START
        self.connection = database.connect(":memory:")
        self.clock = Clock(lambda: self.now)
        self.acquirer = Acquirer(self.run, self.clock, lambda _: None, tells=True)

    def close(self) -> None:
        """Forget it."""
        self.connection.close()

    def run(self, command: Callable[[sqlite3.Connection], Result]) -> Result:
        """In one transaction."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            result = command(self.connection)
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
        return result

    def faults(self, *rules: FaultRule) -> None:
        """These and no others."""
        self.run(lambda connection: fault_rules.replace(connection, list(rules)))
