"""Whether others than this machine can reach the addresses on which gunicorn listens, as configured and as bound."""

import socket
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any, Final

REFUSAL: Final = (
    "Cannot start: where APP_AUTH is open, everybody who reaches the API may move money in any merchant's name, so it"
    " must not listen on {}; set APP_AUTH=required, or bind to 127.0.0.1."
)


def open_to_others(configured: Iterable[Any], bound: Iterable[socket.socket]) -> list[str]:
    """The addresses that others can reach.

    `configured`: of gunicorn, (host, port), a path, or the number of a file descriptor; `bound`: sockets, which may be
    inherited. A name is as open as the addresses that it resolves to, and open when it resolves to none.
    """
    hosts = [address for address in configured if isinstance(address, tuple) and not _is_local(address[0])]
    sockets = [one.getsockname() for one in bound if one.family != socket.AF_UNIX]
    others = [address for address in sockets if not _is_loopback(address[0])]
    return [*dict.fromkeys(_text(*address[:2]) for address in (*hosts, *others))]


def _is_local(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return False
    return all(_is_loopback(str(address[0])) for *_, address in found)


def _is_loopback(text: str) -> bool:
    address = ip_address(text)
    mapped = getattr(address, "ipv4_mapped", None)
    return (address if mapped is None else mapped).is_loopback


def _text(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
