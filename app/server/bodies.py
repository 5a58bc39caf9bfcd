"""Bodies of requests, which know whether they were read to their end: else the connection ends after the answer."""

from io import BytesIO
from typing import Any


class WholeBody(BytesIO):
    """A body that came together with its head."""

    def __init__(self, data: bytes) -> None:
        """`data`: all of it."""
        super().__init__(data)
        self._length = len(data)

    def is_read(self) -> bool:
        """Whether the whole body was read."""
        return self.tell() >= self._length


class BodyReader:
    """Wraps gunicorn's reader (by length or by chunks). After a failed or cancelled read it returns nothing more."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._broken = False

    def read(self, size: int) -> bytes:
        """At most `size` bytes; empty at the end, or where the body was truncated."""
        if self._broken:
            return b""
        wanted = min(size, getattr(self._reader, "length", 0))
        self._broken = True  # unless this read returns: a gevent time-out is no Exception
        data: bytes = self._reader.read(size)
        self._broken = len(data) < wanted
        return data

    def is_read(self) -> bool:
        """Whether the whole body was read, so that the next request begins there."""
        if self._broken:
            return False
        if hasattr(self._reader, "length"):
            return bool(self._reader.length == 0)
        return self._reader.parser is None  # gunicorn's ChunkedReader: the last chunk and the trailers were read
