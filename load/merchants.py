"""Test merchants of our own, for a load on a platform that needs keys: each has one key, which ends with the load.

The keys are kept in a file, so that the next load ends those of one that was killed.
"""

import fcntl
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from load.api import Api
from load.errors import NoAnswer, NotRun
from load.keys import id_of

LIFETIME_SECONDS: Final = 7 * 86_400
"""After which a key that nobody could revoke ends by itself; no load takes so long."""
SCOPES: Final = ("payments:write", "refunds:write")


@contextmanager
def with_keys(api: Api, merchant_ids: Iterable[str], path: Path) -> Iterator[None]:
    """`path` is a file of keys (mode 0600), one for each merchant, until the end of the block. `api`: an operator's.

    Merchants that exist are used again. NotRun while another load uses the file; NoAnswer when a key cannot be made.
    """
    with _opened(path) as file:
        _lock(file, path)
        _revoke(api, file)
        try:
            for merchant_id in merchant_ids:
                api.make_merchant(merchant_id)
                file.write(f"{api.make_key(merchant_id, SCOPES, LIFETIME_SECONDS)}\n")
                file.flush()
            yield
        finally:
            _end(api, file, path)


def _opened(path: Path) -> TextIO:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise NotRun(f"{path} cannot be written: {error.strerror}.") from None
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "r+", encoding="ascii")


def _lock(file: TextIO, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise NotRun(f"Another load uses the keys of {path}; wait until it has ended.") from None


def _end(api: Api, file: TextIO, path: Path) -> None:
    try:
        _revoke(api, file)
    except NoAnswer as error:  # what the load has found is worth more
        print(f"The keys of {path} still work, the next load revokes them: {error}", file=sys.stderr)


def _revoke(api: Api, file: TextIO) -> None:
    """Revoke the keys in the file, and empty it."""
    file.seek(0)
    for key in file.read().split():
        api.revoke(id_of(key), "its load has ended")
    file.seek(0)
    file.truncate()
