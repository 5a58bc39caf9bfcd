"""Whom this process trusts on its links: the certificates of one CA file, and TLS 1.2 or newer. Reads no setting."""

import logging
import ssl
from pathlib import Path
from typing import Final

OLDEST: Final = ssl.TLSVersion.TLSv1_2

_log = logging.getLogger(__name__)


class Trust:
    """One CA file. A server is trusted if its certificate is signed by a CA of the file, in force, and of its name.

    The file may hold several CAs. It is read again when it changed, so new connections follow a change of CA without a
    restart; while it cannot be read, what it last held counts.
    """

    def __init__(self, file: str | None) -> None:
        """`file`: PEM; None: the system's CAs, read once. Reads nothing yet."""
        self._file = file
        self._context: ssl.SSLContext | None = None
        self._version: tuple[int, ...] = ()

    def context(self) -> ssl.SSLContext:
        """The context for a new connection. Raises OSError when the file was never readable; ssl.SSLError is one."""
        try:
            version = _version(self._file)
            if self._context is None or version != self._version:
                self._context, self._version = client_context(self._file), version
        except OSError as error:
            if self._context is None:
                raise
            _log.warning("ca_file_not_read", extra={"file": self._file, "error": str(error)})
        return self._context


def _version(file: str | None) -> tuple[int, ...]:
    if file is None:
        return ()
    found = Path(file).stat()
    return found.st_mtime_ns, found.st_ino, found.st_size


def client_context(file: str | None) -> ssl.SSLContext:
    """A client's context: names are verified. `file`: the only CAs that count; None: those of the system.

    Raises OSError for a file that cannot be read or holds no certificate.
    """
    context = ssl.create_default_context(cafile=file)
    context.minimum_version = OLDEST
    return context
