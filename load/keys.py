"""The keys that a load is given: merchants' in KEYS_FILE or API_KEY, an operator's in OPERATOR_KEY or ADMIN_TOKEN.

No error has the text of a key. k6/lib/keys.js reads merchants' keys in the same way.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from load.errors import NotRun

OPERATORS: Final = ("OPERATOR_KEY", "ADMIN_TOKEN")
"""Only the audit needs them: k6 does not get them."""
WANTED: Final = "a test merchant's API key (po_test_…)"
_KEY: Final = re.compile(r"po_test_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}")
"""Live ones are refused: a load must never move real money."""
_OPERATORS_KEY: Final = "po_oper_"


def merchants_keys(variables: Mapping[str, str]) -> list[str]:
    """All keys of KEYS_FILE, else the one of API_KEY, else none. NotRun in one sentence for what is no such key."""
    if path := variables.get("KEYS_FILE"):
        return _read(path)
    key = variables.get("API_KEY", "").strip()
    if not key:
        return []
    if not _KEY.fullmatch(key):
        raise NotRun(f"API_KEY is not {WANTED}.")
    return [key]


def operators_token(variables: Mapping[str, str]) -> str:
    """The operator's key, else the admin token. NotRun when there is neither."""
    for name in OPERATORS:
        if token := variables.get(name, "").strip():
            return token
    raise NotRun(f"{' and '.join(OPERATORS)} are not set; the audit after the load needs one of them.")


def is_operators_key(token: str) -> bool:
    """Whether it is a key, and not the admin token."""
    return token.startswith(_OPERATORS_KEY)


def id_of(key: str) -> str:
    """The public part of a key, which may be shown."""
    return key[10:20]


def _read(path: str) -> list[str]:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        raise NotRun("KEYS_FILE is not a file that can be read.") from None
    keys = []
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith("#"):
            continue
        if not _KEY.fullmatch(line):
            raise NotRun(f"KEYS_FILE: line {number} is not {WANTED}.")
        keys.append(line)
    if not keys:
        raise NotRun("KEYS_FILE has no key.")
    return keys
