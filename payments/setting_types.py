"""Readers of settings. A reader takes the text and returns the value; it raises ValueError for a bad text."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Generic, TypeVar
from urllib.parse import urlsplit

from payments.platform.tls import client_context
from payments.platform.values.iban import iban
from payments.platform.values.money import AmountsByCurrency, amounts_by_currency

T = TypeVar("T")
Number = TypeVar("Number", int, float)

# Python's int() and float() accept more than an operator means: "1_000", " 5 ", "٣", "nan", "1e3"
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,19}")
_PEPPER_NUMBER: Final = re.compile(r"[0-9]{1,6}")
_PATH: Final = re.compile(r"(/[A-Za-z0-9_-]{1,64}){1,4}")
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,19}(\.[0-9]{1,19})?")


@dataclass(frozen=True, slots=True)
class Reader(Generic[T]):
    """Reads one kind of setting. `accepts` completes the sentence "… must be", also under `python -OO`."""

    accepts: str
    read: Callable[[str], T]

    def __call__(self, text: str) -> T:
        """The value. Raises ValueError when the text is not what `accepts` says."""
        return self.read(text)


def whole(minimum: int, maximum: int) -> Reader[int]:
    """A reader of whole numbers in these bounds, in ASCII digits."""

    def read(text: str) -> int:
        return _within(int(_matching(_WHOLE, text)), minimum, maximum)

    return Reader(f"a whole number from {minimum} to {maximum}", read)


def seconds(minimum: float, maximum: float) -> Reader[float]:
    """A reader of durations in these bounds."""
    return _decimal("seconds", minimum, maximum)


def percent(minimum: float, maximum: float) -> Reader[float]:
    """A reader of percentages in these bounds, without a percent sign."""
    return _decimal("a percentage", minimum, maximum)


def _decimal(what: str, minimum: float, maximum: float) -> Reader[float]:
    def read(text: str) -> float:
        return _within(float(_matching(_DECIMAL, text)), minimum, maximum)

    return Reader(f"{what} from {minimum:g} to {maximum:g}, like 0.5 or 30", read)


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError
    return text


def _within(value: Number, minimum: Number, maximum: Number) -> Number:
    if not minimum <= value <= maximum:
        raise ValueError
    return value


def one_of(*choices: str) -> Reader[str]:
    """A reader of one of these words."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError
        return text

    return Reader(f"one of {', '.join(choices)}", read)


def text_up_to(longest: int) -> Reader[str]:
    """A reader of texts for people, of at most `longest` characters."""

    def read(text: str) -> str:
        if len(text) > longest or not text.strip() or not text.isprintable():
            raise ValueError
        return text

    return Reader(f"1 to {longest} printable characters", read)


def _read_database_url(text: str) -> str:
    if not text.startswith(("mysql+pymysql://", "sqlite:///")):
        raise ValueError
    return text


def _read_token(text: str) -> str:
    if len(text) < 16:
        raise ValueError
    return text


def _read_peppers(text: str) -> tuple[tuple[int, bytes], ...]:
    found = []
    for part in text.split(","):
        number, _, value = part.strip().partition(":")
        found.append((_within(int(_matching(_PEPPER_NUMBER, number)), 1, 999_999), value.encode()))
        _within(len(value.encode()), 32, 64)
    if len(found) > 2 or len({number for number, _ in found}) < len(found):
        raise ValueError
    return tuple(found)


def _read_text(text: str) -> str:
    if not text.strip():
        raise ValueError
    return text


def _read_http_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError
    return text


def _read_acquirer_address(text: str) -> str:
    parts = urlsplit(text)
    host = parts.hostname
    plain = text.rstrip("/") == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc
    if not host or not plain or parts.scheme not in ("http", "https"):
        raise ValueError
    _ = parts.port  # raises ValueError for one that is none
    if parts.scheme == "http" and not _stays_here(host):
        raise ValueError
    return text.rstrip("/")


def _read_public_acquirer_address(text: str) -> str:
    return text if _PATH.fullmatch(text) else _read_acquirer_address(text)


def _stays_here(host: str) -> bool:
    """Whether the host is of this machine or of a private network: a name without a dot is never a public one."""
    if "." not in host and host[0].isalpha():
        return True
    try:
        return ip_address(host).is_private
    except ValueError:
        return False


def _read_ca_file(text: str) -> str:
    try:
        client_context(text)
    except OSError as error:
        raise ValueError from error
    return text


def _read_visible_key(text: str) -> str:
    if not (16 <= len(text) <= 128 and text.isascii() and text.isprintable() and " " not in text):
        raise ValueError
    return text


database_url: Final = Reader(
    "a SQLAlchemy URL (mysql+pymysql://user:password@host/paydb or sqlite:///file)", _read_database_url
)
token: Final = Reader("at least 16 characters, or unset", _read_token)
peppers: Final = Reader(
    "one or two peppers like 1:SECRET or 1:OLD,2:NEW, each a number and 32 to 64 bytes, without a comma", _read_peppers
)
text: Final = Reader("some text", _read_text)
http_address: Final = Reader("an address like http://host:4318, without a path", _read_http_address)
acquirer_address: Final = Reader(
    "https://host or https://host:port; http:// only for a private or loopback address or a name without a dot",
    _read_acquirer_address,
)
public_acquirer_address: Final = Reader(
    f"{acquirer_address.accepts}; or a path like /acquirer, which a proxy serves at the shop's own address",
    _read_public_acquirer_address,
)
ca_file: Final = Reader("a file of CA certificates (PEM) that this process may read", _read_ca_file)
visible_key: Final = Reader("16 to 128 visible ASCII characters", _read_visible_key)
amounts: Final[Reader[AmountsByCurrency]] = Reader(
    "amounts in minor units by currency, like *=1000000 KRW=50000000, where * is for those that are not named",
    amounts_by_currency,
)
account_number: Final = Reader("an IBAN whose check digits are right", iban)
