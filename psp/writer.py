"""Runs commands in transactions, one after the other: what waits meanwhile shares the next commit.

A commit takes milliseconds, so it runs in a thread of its own and other requests go on. Knows nothing of operations.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import gevent
from gevent.event import AsyncResult
from gevent.queue import Queue
from gevent.threadpool import ThreadPool

Result = TypeVar("Result")
Command = Callable[[sqlite3.Connection], Result]
LARGEST_BATCH: Final = 200
"""Commands in one transaction."""


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception


class Writer:
    """The only user of a connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Starts a greenlet and a thread; `close` ends both."""
        self._connection = connection
        self._waiting: Queue[tuple[Command[Any], AsyncResult[Any]]] = Queue()
        self._thread = ThreadPool(1)
        self._greenlet = gevent.spawn(self._loop)

    def run(self, command: Command[Result]) -> Result:
        """Run `command` and return its result when it is committed. What it raises undoes it alone, and is raised here.

        `command` must not wait for anything. A sqlite3.Error may also mean that the commit failed.
        """
        answer: AsyncResult[Any] = AsyncResult()
        self._waiting.put((command, answer))
        return cast(Result, answer.get())

    def close(self) -> None:
        """Finish the batch that runs and close the connection. Commands that still wait are not run."""
        self._greenlet.kill()
        self._thread.join()
        self._connection.close()

    def _loop(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < LARGEST_BATCH and not self._waiting.empty():
                batch.append(self._waiting.get())
            done = self._thread.apply(self._transaction, ([command for command, _ in batch],))
            for (_, answer), result in zip(batch, done, strict=True):
                if isinstance(result, _Failed):
                    answer.set_exception(result.error)
                else:
                    answer.set(result)

    def _transaction(self, commands: list[Command[Any]]) -> list[Any]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            results = [self._attempt(command) for command in commands]
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001  # those who wait for it raise it, and the loop goes on
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            return [_Failed(error)] * len(commands)
        return results

    def _attempt(self, command: Command[Any]) -> Any:
        self._connection.execute("SAVEPOINT command")
        try:
            result = command(self._connection)
        except Exception as error:  # noqa: BLE001  # the one who waits for it raises it
            self._connection.execute("ROLLBACK TO command")
            result = _Failed(error)
        self._connection.execute("RELEASE command")
        return result
