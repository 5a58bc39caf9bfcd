"""Reads the bytes of a request's body, up to a size and before the request's deadline. What they say is for others."""

import time
from contextlib import nullcontext
from io import BytesIO
from typing import Final
from wsgiref.types import WSGIEnvironment

import gevent
from flask import g, request
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge
from werkzeug.wsgi import get_content_length

from app import messages
from app.http import errors

LARGEST_BODY: Final = 16 * 1024
"""Bytes of a JSON body."""
CSV: Final = "text/csv"


def read_bytes(largest: int = LARGEST_BODY) -> bytes:
    """The body. Raises RequestEntityTooLarge beyond `largest` bytes, and Problem for one that is cut off or late."""
    environ = request.environ
    is_here = isinstance(environ["wsgi.input"], BytesIO)  # it came with its head
    with nullcontext() if is_here else _until_the_deadline():
        try:
            text = _read(environ, largest + 1)  # one more, to see a chunked body that is too large
        except HTTPException:
            raise
        except (OSError, ValueError) as error:  # the socket's for a client that disconnected
            raise ClientDisconnected from error
        except Exception as error:  # gunicorn's for a broken chunk
            raise errors.Problem("MALFORMED_JSON", messages.BODY_TRUNCATED) from error
        if len(text) > largest:
            raise RequestEntityTooLarge
        return text
    raise errors.Problem("MALFORMED_JSON", messages.BODY_LATE)


def _until_the_deadline() -> gevent.Timeout:
    return gevent.Timeout(max(g.deadline - time.monotonic(), 0), False)  # type: ignore[arg-type]  # gevent's stubs lack False: leave the block, raise nothing


def _read(environ: WSGIEnvironment, limit: int) -> bytes:
    """At most `limit` bytes of the body. Raises RequestEntityTooLarge for one that says that it has more.

    Werkzeug's `get_data` does the same through a stream and a request of its own, which costs three times as much.
    """
    length = get_content_length(environ)
    if length is not None and length > limit:
        raise RequestEntityTooLarge
    ends = "wsgi.input_terminated" in environ  # as gunicorn's does, with or without a length
    if not ends:
        limit = length or 0
    read, text = environ["wsgi.input"].read, b""
    while len(text) < limit and (more := read(limit - len(text))):
        text += more
    if not ends and len(text) < limit:
        raise ClientDisconnected
    return text


def read_csv(largest: int) -> bytes:
    """A file in the body. Raises Problem for another media type, and beyond `largest` bytes; else as `read_bytes`."""
    if request.mimetype != CSV:
        raise errors.Problem("UNSUPPORTED_MEDIA_TYPE", messages.NOT_CSV)
    try:
        return read_bytes(largest)
    except RequestEntityTooLarge:
        raise errors.Problem("PAYLOAD_TOO_LARGE", messages.FILE_TOO_LARGE) from None
