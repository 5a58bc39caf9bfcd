"""Names of time zones: those of the tz database, as this machine has it (package tzdata). Not what a day is in one."""

import re
from typing import Final
from zoneinfo import ZoneInfo

LONGEST: Final = 64
"""Characters of a name."""
UTC: Final = "UTC"
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z][A-Za-z0-9_+-]*)*", re.ASCII)
_OTHERS: Final = frozenset({"localtime", "posixrules", "Factory", "posix", "right"})
"""Files and folders beside the zones: another zone on each machine, or one with leap seconds."""


def zone_name(text: str) -> str:
    """`text`, when it names a time zone. Raises ValueError when it does not; names are case-sensitive."""
    if len(text) <= LONGEST and _NAME.fullmatch(text) and text.partition("/")[0] not in _OTHERS and _is_there(text):
        return text
    raise ValueError("must be a time zone of the tz database, such as Europe/Berlin")


def _is_there(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such name; a file of something else; a folder
        return False
    return True
