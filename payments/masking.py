"""Masks card numbers, passwords, tokens and API keys. It is the last step of every log line."""

import re
from functools import lru_cache
from typing import Any, Final

from payments.platform.values import sensitive

REMOVED: Final = sensitive.MASK
_SECRET_NAME: Final = re.compile(r"password|passwd|secret|token|authorization|api_?key", re.IGNORECASE)
_SECRET_TEXT: Final = re.compile(r"(://[^\s:/@]*:)[^\s@]+(?=@)|(\b(?:Bearer|Basic)\s+)[^\s\"',;]+", re.IGNORECASE)


def masked(value: Any, name: str = "") -> Any:
    """`value` (text, number, list or dict of these), masked where it or its `name` requires it."""
    if name and _is_secret(name):
        return REMOVED
    if isinstance(value, str):
        return _masked_text(value)
    if isinstance(value, dict):
        return {_masked_text(str(key)): masked(each, str(key)) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(each) for each in value]
    if isinstance(value, int | float) or value is None:
        return value
    return _masked_text(str(value))


@lru_cache(maxsize=1024)  # names are few, and each line has the same
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _masked_text(text: str) -> str:
    if text.isascii() and text.isalnum() and not text.isdigit():
        return text  # one word, as most ids are: a card number is digits alone, and all else has other characters
    return sensitive.mask(_SECRET_TEXT.sub(_keep_what_it_was, text))


def _keep_what_it_was(match: re.Match[str]) -> str:
    return f"{match.group(1) or match.group(2)}{REMOVED}"
