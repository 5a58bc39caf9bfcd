"""How the text of a setting is read: each reader's docstring says what it takes, and a ValueError that it did not."""

from collections.abc import Callable
from urllib.parse import urlsplit


def whole(least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers in these bounds."""

    def read(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ValueError
        return value

    read.__doc__ = f"a whole number from {least} to {most}"
    return read


def seconds(least: float, most: float) -> Callable[[str], float]:
    """A reader of durations in these bounds."""

    def read(text: str) -> float:
        value = float(text)
        if not least <= value <= most:
            raise ValueError
        return value

    read.__doc__ = f"seconds from {least:g} to {most:g}"
    return read


def one_of(*choices: str) -> Callable[[str], str]:
    """A reader of one of these words."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError
        return text

    read.__doc__ = f"one of {', '.join(choices)}"
    return read


def database_url(text: str) -> str:
    """a SQLAlchemy URL (mysql+pymysql://user:password@host/paydb or sqlite:///file)"""
    if not text.startswith(("mysql+pymysql://", "sqlite:///")):
        raise ValueError
    return text


def token(text: str) -> str:
    """at least 16 characters, or unset"""
    if len(text) < 16:
        raise ValueError
    return text


def text(text: str) -> str:
    """some text"""
    if not text.strip():
        raise ValueError
    return text


def http_address(text: str) -> str:
    """an address like http://host:4318, without a path"""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError
    return text
