"""What the first reading of a file says of the second one: how many lines it has, and which name the same. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from payments.reconciliation.rules import Line


class Survey(NamedTuple):
    """What the first reading of a file says of the second one."""

    lines: int
    """Lines."""
    repeated: frozenset[int]
    """Hashes of references that stand in more than one line.

    Two references with one hash only take the longer way, with the same result.
    """


def survey(lines: Iterable[Line]) -> Survey:
    """Read all lines. What they raise (FileRefused) comes before anything was matched."""
    count, seen, repeated = 0, set[int](), set[int]()
    for line in lines:
        count += 1
        if (hashed := hash(line.reference)) in seen:
            repeated.add(hashed)
        seen.add(hashed)
    return Survey(count, frozenset(repeated))
