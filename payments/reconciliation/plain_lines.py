"""Reads blocks of plain movements at once, by one pattern made of a profile. Pure.

For speed alone: of a plain block `reader` would say the same, line by line, and of any other block it says it.
"""

import re
from collections.abc import Sequence
from operator import sub
from typing import Final, NamedTuple

from payments.platform.values import card_numbers
from payments.platform.values.money import DECIMALS, MAX_AMOUNT
from payments.reconciliation.profile import Profile
from payments.reconciliation.rules import Line

LONGEST: Final = 1024
"""Characters of a line."""
REFERENCE: Final = "[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}"
_COUNT: Final = "[1-9][0-9]*"
_AMOUNT: Final = f"0|-?[1-9][0-9]{{0,{len(str(MAX_AMOUNT)) - 2}}}"
"""Below MAX_AMOUNT, which is a power of ten."""
_OTHER: Final = r"[ !#-+\--~]*"
"""What can be printed in ASCII, but for commas and quotes."""


class _Columns(NamedTuple):
    """The cells of a block's movements."""

    number: Sequence[str]
    reference: Sequence[str]
    acquirer_reference: Sequence[str]
    kind: Sequence[str]
    currency: Sequence[str]
    gross: Sequence[str]
    fee: Sequence[str]
    net: Sequence[str]


class PlainLines:
    """Plain movements of one profile."""

    def __init__(self, profile: Profile) -> None:
        """Make the pattern."""
        cells = {
            profile.number: _COUNT,
            **dict.fromkeys((profile.reference, profile.acquirer_reference), REFERENCE),
            profile.kind: "|".join(map(re.escape, profile.kinds)),
            profile.currency: "|".join(map(re.escape, DECIMALS)),
            **dict.fromkeys((profile.gross, profile.fee, profile.net), _AMOUNT),
        }
        whole = {profile.record: re.escape(profile.movement)}
        patterns = [f"({cells[name]})" if name in cells else whole.get(name, _OTHER) for name in profile.header]
        self._pattern = re.compile(rf"^(?!.{{{LONGEST + 1}}}){','.join(patterns)}\r?\n", re.MULTILINE)
        self._kinds = profile.kinds
        groups = [name for name in profile.header if name in cells]
        names = (getattr(profile, name) for name in _Columns._fields)
        self._places = [groups.index(name) for name in names]

    def read(self, block: str, first: int) -> list[Line] | None:
        """The movements of a block of whole lines, numbered from `first`. None: not all of it is plain."""
        found = self._pattern.findall(block)
        if not found or len(found) != block.count("\n") or not block.endswith("\n"):
            return None
        groups = list(zip(*found, strict=True))
        cells = _Columns(*(groups[place] for place in self._places))
        numbers = range(first, first + len(found))
        gross, fee, net = (list(map(int, amounts)) for amounts in (cells.gross, cells.fee, cells.net))
        if list(map(int, cells.number)) != list(numbers) or list(map(sub, gross, fee)) != net:
            return None
        if card_numbers.contains("\n".join((*cells.reference, *cells.acquirer_reference))):
            return None
        kinds = [self._kinds[word] for word in cells.kind]
        named = (cells.reference, cells.acquirer_reference, kinds, cells.currency)
        return list(map(Line._make, zip(*named, gross, fee, numbers, strict=True)))
