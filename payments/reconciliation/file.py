"""The bytes of a settlement file: whole lines out of chunks of any size, with digest and bounds. Pure.

What the lines say is `payments.reconciliation.reader`. Neither holds more than a line and a chunk.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from hashlib import sha256
from typing import Final

from payments.reconciliation.faults import Fault, FileRefused, Reason
from payments.reconciliation.plain_lines import LONGEST
from payments.reconciliation.profile import Profile
from payments.reconciliation.reader import Reader
from payments.reconciliation.rules import Line

LARGEST: Final = 256 * 1024 * 1024
"""Bytes of a file: some 1.7 million movements of the simulator's length."""


class SettlementFile:
    """One reading of a file."""

    def __init__(
        self, chunks: Iterable[bytes], profile: Profile, largest: int = LARGEST, latest: date = date.max
    ) -> None:
        """`chunks`: the file in its order, as they come; `largest`: bytes; `latest`: the last day it may be about."""
        self._chunks = chunks
        self._reader = Reader(profile, latest)
        self._largest = largest
        self._hash = sha256()
        self.size = 0
        """Bytes that were read until now."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the bytes that were read until now: of the file, when its lines have ended."""
        return self._hash.hexdigest()

    @property
    def day(self) -> date | None:
        """Of which day (UTC) the file is, when its lines have ended; None where its profile has no day."""
        return self._reader.day

    @property
    def sums(self) -> dict[str, tuple[int, int]]:
        """Gross and fee of its movements by currency, in minor units, when its lines have ended."""
        return self._reader.sums

    def lines(self) -> Iterator[Line]:
        """Its movements. Raises FileRefused at the end or before: until then nothing of it may count."""
        return self._reader.read(self._text())

    def _text(self) -> Iterator[str]:
        rest, line = b"", 1
        for chunk in self._chunks:
            self._hash.update(chunk)
            self.size += len(chunk)
            if self.size > self._largest:
                raise FileRefused((Fault(line, Reason.TOO_LARGE),), 1)
            whole, end, rest = (rest + chunk).rpartition(b"\n")
            if end:
                yield (whole + end).decode("ascii", "surrogateescape")
                line += whole.count(b"\n") + 1
            if len(rest) > LONGEST:  # no end in sight
                raise FileRefused((Fault(line, Reason.TOO_LONG),), 1)
        if rest:
            yield rest.decode("ascii", "surrogateescape")
