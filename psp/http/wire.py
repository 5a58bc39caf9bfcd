"""Turns what the acquirer answers into bytes, or into what a fault makes of them: silence, half a body, a reset."""

import copy
import errno
import json
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import gevent
from flask import Response, request
from gevent.socket import wait_read
from pydantic import BaseModel

from psp import answers
from psp.acquirer import Served
from psp.answers import Answer
from psp.faults import Fault
from psp.operations import State

CSV: Final = "text/csv; charset=utf-8"
SOCKET: Final = "psp.socket"
"""Name in the WSGI environment of the client's socket."""
_RESET_AT_CLOSE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: a close discards what is not sent and resets the connection."""
_SILENT: Final = {Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER_SUCCESS, Fault.DOWN}


class Waits:
    """The requests that a fault keeps waiting, so that a stop can end them."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._waiting: set[Any] = set()

    def pause(self, seconds: float) -> None:
        """Wait."""
        with self._listed():
            gevent.sleep(seconds)

    def hold(self, client: socket.socket, seconds: float) -> None:
        """Wait, but no longer than the client does."""
        with self._listed(), gevent.Timeout(seconds, False):  # type: ignore[arg-type]  # the stubs lack False: just leave the block
            wait_read(client.fileno())  # readable: closed, or it sends what nobody will read

    def end(self) -> None:
        """End the requests that wait."""
        gevent.killall(list(self._waiting))

    @contextmanager
    def _listed(self) -> Iterator[None]:
        current = gevent.getcurrent()
        self._waiting.add(current)
        try:
            yield
        finally:
            self._waiting.discard(current)


def plain(answer: Answer) -> Response:
    """The answer as JSON."""
    text = json.dumps(answer.body, separators=(",", ":"), default=_of_model) + "\n"
    return Response(text, answer.status, answer.headers, content_type="application/json")


def misbehaving(served: Served, waits: Waits, csv: str | None = None) -> Response:
    """The answer with what its fault makes of it. `csv`: its body where that is not JSON."""
    answer, hit = served.answer, served.hit
    if hit.fault in _SILENT or (hit.silent and answer.outcome == State.PROCESSING):  # a repeat is answered
        return Response(_silence(request.environ[SOCKET], waits, hit.seconds))
    if hit.fault is Fault.ERROR_AFTER_SUCCESS:
        return plain(answers.refusal("INTERNAL_ERROR", "Something went wrong."))
    if hit.fault is Fault.WRONG_AMOUNT:
        answer = _one_too_many(answer)
    response = plain(answer) if csv is None else Response(csv, content_type=CSV)
    if hit.fault is Fault.MALFORMED_BODY:
        response.set_data(_half(response))
    if hit.fault is Fault.RESET_MID_BODY:
        whole = len(response.get_data())
        response.response = _then_reset(request.environ[SOCKET], _half(response))
        response.content_length = whole
    return response


def _of_model(value: BaseModel) -> Any:
    return value.model_dump(mode="json")


def _half(response: Response) -> bytes:
    data = response.get_data()
    return data[: len(data) // 2]


def _one_too_many(answer: Answer) -> Answer:
    body = copy.deepcopy(answer.body)
    told = body.get("operation", body)
    if told and isinstance(told.get("amount"), int):
        told["amount"] += 1
    return Answer(answer.outcome, answer.status, body, answer.headers)


def _silence(client: socket.socket, waits: Waits, seconds: float) -> Iterator[bytes]:
    if seconds:
        waits.hold(client, seconds)
    yield from _then_reset(client, b"")


def _then_reset(client: socket.socket, first: bytes) -> Iterator[bytes]:
    if first:
        yield first
    _reset(client)


def _reset(client: socket.socket) -> NoReturn:
    """Let the server close the connection by a reset: it takes this error for that of a client that went away."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
    raise ConnectionResetError(errno.ECONNRESET, "the fault says so")
