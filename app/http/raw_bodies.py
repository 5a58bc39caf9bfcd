"""Reads the bytes of a request's body, up to a size and before the request's deadline. What they say is for others."""

import time
from contextlib import nullcontext
from io import BytesIO
from typing import Final

import gevent
from flask import g, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.wsgi import get_content_length

from app import messages
from app.http import errors

LARGEST_BODY: Final = 16 * 1024
"""Bytes of a JSON body."""
CSV: Final = "text/csv"


def read_bytes(largest: int = LARGEST_BODY) -> bytes:
    """The body. Raises RequestEntityTooLarge beyond `largest` bytes, and Problem for one that is cut off or late."""
    environ = request.environ
    length = get_content_length(environ)
    if length is None:  # chunked, or there is no body
        length = largest + 1 if environ.get("wsgi.input_terminated") else 0
    elif length > largest:
        raise RequestEntityTooLarge
    stream = environ["wsgi.input"]  # in memory when it came with its head
    with nullcontext() if isinstance(stream, BytesIO) else _until_the_deadline():
        try:
            text: bytes = stream.read(length)
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


def read_csv(largest: int) -> bytes:
    """A file in the body. Raises Problem for another media type, and beyond `largest` bytes; else as `read_bytes`."""
    if request.mimetype != CSV:
        raise errors.Problem("UNSUPPORTED_MEDIA_TYPE", messages.NOT_CSV)
    try:
        return read_bytes(largest)
    except RequestEntityTooLarge:
        raise errors.Problem("PAYLOAD_TOO_LARGE", messages.FILE_TOO_LARGE) from None
