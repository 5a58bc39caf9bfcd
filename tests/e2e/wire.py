"""Raw HTTP: sends bytes unchanged, and reads every answer until the server closes the connection."""

import json
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 30
"""Seconds."""


@dataclass(frozen=True)
class Answer:
    """One answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The body of an error; checks the members that every problem has."""
        assert self.headers["content-type"] == "application/problem+json"
        found: dict[str, Any] = json.loads(self.body)
        assert found["status"] == self.status
        assert found["requestId"] == self.headers["x-request-id"]
        return found


class Wire:
    """One connection."""

    def __init__(self, at: int | Path) -> None:
        """Connect to this machine's port, or to a unix socket."""
        self.socket = socket.socket(socket.AF_INET if isinstance(at, int) else socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", at) if isinstance(at, int) else str(at))
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send; ignores that the server has closed its end."""
        with suppress(OSError):
            self.socket.sendall(data)

    def answer(self) -> Answer | None:
        """The next answer; None when the server has closed the connection."""
        line = self._file.readline()
        if not line:
            return None
        headers = {}
        while text := self._file.readline().strip():
            name, _, value = text.partition(b":")
            headers[name.decode().lower()] = value.strip().decode()
        return Answer(int(line.split()[1]), headers, self._file.read(int(headers["content-length"])))


def answers(port: int, data: bytes) -> list[Answer]:
    """All answers to `data`, until the server closes the connection."""
    with Wire(port) as wire:
        wire.send(data)
        return list(iter(wire.answer, None))
