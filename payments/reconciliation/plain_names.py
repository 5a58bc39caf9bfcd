"""Names that are SQL literals as they are: letters, digits and what needs no escaping in any database.

For statements with so many that the driver's escaping would be most of their cost. Any other name is an error here.
"""

from collections.abc import Iterable
from string import ascii_letters, digits
from typing import Final

_PLAIN: Final = f"{ascii_letters}{digits}_.:-".encode()


def check_plain(names: Iterable[str]) -> None:
    """ValueError unless each of them is plain."""
    if "".join(names).encode("utf-8", "surrogatepass").translate(None, _PLAIN):
        raise ValueError("a name has characters that no reference may have")


def quoted(names: Iterable[str]) -> str:
    """A list of literals for IN (…). ValueError unless each of the names is plain; at least one."""
    listed = tuple(names)
    check_plain(listed)
    return "'" + "','".join(listed) + "'"
