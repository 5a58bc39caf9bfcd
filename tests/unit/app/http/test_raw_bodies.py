"""A body is read as Werkzeug's `get_data` reads it, with every size, framing and error of the input."""

import io
import time
from typing import Any

import pytest
from flask import Flask, g, request
from gunicorn.http.errors import InvalidChunkSize, NoMoreData
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder

from app.http.errors import Problem
from app.http.raw_bodies import read_bytes

LARGEST = 10
APP = Flask("test")


class Input:
    """A server's input: gives at most `step` bytes at once, and then ends or fails."""

    def __init__(self, text: bytes, step: int, error: Exception | None) -> None:
        self._text = io.BytesIO(text)
        self._step = step
        self._error = error

    def read(self, size: int) -> bytes:
        found = self._text.read(min(size, self._step))
        if not found and self._error is not None:
            raise self._error
        return found


def by_werkzeug() -> bytes:
    """As the body was read before it was read directly."""
    request.max_content_length = LARGEST + 1
    try:
        text = request.get_data(cache=False)
    except HTTPException:
        raise
    except Exception as error:
        raise Problem("MALFORMED_JSON", "") from error
    assert len(text) <= LARGEST, "413"
    return text


def outcome(read: Any) -> object:
    try:
        return read()
    except Problem as problem:
        return problem.code
    except HTTPException as error:
        return error.code
    except AssertionError:
        return 413


@pytest.mark.parametrize("error", [None, OSError(), NoMoreData(), ValueError(), InvalidChunkSize(b"x"), KeyError()])
@pytest.mark.parametrize("step", [3, 100])
@pytest.mark.parametrize("said", ["0", "5", "10", "11", "12", "999", "-1", "x", "", None])
@pytest.mark.parametrize("terminated", [True, False])
def test_it_is_as_werkzeugs(error: Exception | None, step: int, said: str | None, *, terminated: bool) -> None:
    for size in (0, 4, 5, 10, 11, 12):
        for chunked in (False, True):
            environ = EnvironBuilder(method="POST").get_environ()
            environ.pop("CONTENT_LENGTH", None)
            environ |= {} if said is None else {"CONTENT_LENGTH": said}
            environ |= {"HTTP_TRANSFER_ENCODING": "chunked"} if chunked else {}
            environ |= {"wsgi.input_terminated": True} if terminated else {}
            found = []
            for read in (by_werkzeug, lambda: read_bytes(LARGEST)):
                ends = int(said) if said and said.isdigit() and terminated and not chunked else size
                environ["wsgi.input"] = Input(b"x" * min(size, ends), step, error)
                with APP.request_context(environ):
                    g.deadline = time.monotonic() + 60
                    found.append(outcome(read))
            assert found[0] == found[1], (size, chunked)
