"""Reads a plain head of a request in one step; gunicorn's parser reads, or refuses, every head that is not plain.

Plain: HTTP/1.1, a usual method, a path; header lines of visible ASCII, each name once, `Host` among them; a length or
no body. It arrived whole, and is shorter than each of gunicorn's limits.
"""

import os
import re
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Final

from gunicorn.http.body import Body, LengthReader
from gunicorn.http.message import HeaderPolicy
from gunicorn.http.wsgi import base_environ
from gunicorn.util import unquote_to_wsgi_str

from app.server.bodies import BodyReader, WholeBody

_HEAD: Final = re.compile(
    rb"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/[!\"$-~]*) HTTP/1\.1\r\n"  # no fragment
    rb"((?:[0-9A-Za-z-]+:[ -~]*\r\n)+)\r\n"
)
Environ = dict[str, Any]


class PlainRequest:
    """A request with a plain head: WSGI's `environ`, and what gunicorn's Response asks of a request."""

    version = (1, 1)

    def __init__(self, environ: Environ, body: WholeBody | BodyReader) -> None:
        """`body`: what `environ` reads from."""
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self._body = body
        self._must_close = environ.get("HTTP_CONNECTION", "").lower() == "close"

    @property
    def path(self) -> str:
        """The path as it was sent."""
        uri: str = self.environ["RAW_URI"]
        return uri.partition("?")[0]

    @property
    def headers(self) -> list[tuple[str, str]]:
        """(name in upper case, value), without those of the body."""
        return [(key[5:].replace("_", "-"), text) for key, text in self.environ.items() if key.startswith("HTTP_")]

    def force_close(self) -> None:
        """Let the answer end the connection."""
        self._must_close = True

    def should_close(self) -> bool:
        """True also when part of the body was not read, so that its rest is not parsed as the next request."""
        return self._must_close or not self._body.is_read()


class PlainHeads:
    """Reads the plain heads of one connection."""

    def __init__(self, cfg: Any, client: Any, server: Any) -> None:
        """`cfg`: gunicorn's settings. `client`, `server`: the connection's addresses; strings for a Unix socket."""
        self._longest = min(cfg.limit_request_line, cfg.limit_request_field_size)
        if os.environ.get("SCRIPT_NAME"):
            self._longest = 0  # gunicorn takes it off each path
        self._most_lines = cfg.limit_request_fields
        self._schemes = _scheme_headers(cfg, client)
        self._is_unix = isinstance(server, str)
        self._environ = {
            **base_environ(cfg),
            "wsgi.multithread": True,
            "wsgi.url_scheme": "https" if cfg.is_ssl else "http",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_NAME": server[0],
            "SERVER_PORT": str(server[1]),
            "SCRIPT_NAME": "",
            **_address(client),
        }

    def read(self, data: bytes, unreader: Any) -> PlainRequest | None:
        """The request that begins with `data`, whose rest goes to `unreader`; None when its head is not plain."""
        head = _HEAD.match(data)
        if head is None or head.end() > self._longest:
            return None
        environ = self._environ.copy()
        lines = head[3].decode().splitlines()
        for line in lines:
            name, value = line.split(":", 1)
            environ[_key(name)] = value.strip(" ")
        is_each_once = len(environ) == len(self._environ) + len(lines)
        if not is_each_once or len(lines) > self._most_lines or not _is_plain(environ) or not self._set_server(environ):
            return None
        _set_target(environ, head[1].decode(), head[2].decode())
        return _with_body(environ, data[head.end() :], unreader)

    def _set_server(self, environ: Environ) -> bool:
        """Set what the client reached; False when its headers may disagree about that."""
        said = [key for key in self._schemes if key in environ]
        if said:
            environ["wsgi.url_scheme"] = "https" if environ[said[0]] == self._schemes[said[0]] else "http"
        if self._is_unix:
            name, *port = environ["HTTP_HOST"].split(":")
            environ["SERVER_NAME"] = name
            environ["SERVER_PORT"] = port[0] if port else "443" if environ["wsgi.url_scheme"] == "https" else "80"
        return len(said) < 2


def _is_plain(environ: Environ) -> bool:
    if not environ.get("HTTP_HOST") or "HTTP_EXPECT" in environ or "HTTP_TRANSFER_ENCODING" in environ:
        return False
    length: str = environ.get("CONTENT_LENGTH", "0")
    return length.isdigit()


def _set_target(environ: Environ, method: str, uri: str) -> None:
    path, _, environ["QUERY_STRING"] = uri.partition("?")
    environ["REQUEST_METHOD"] = method
    environ["RAW_URI"] = uri
    environ["PATH_INFO"] = unquote_to_wsgi_str(path) if "%" in path else path


def _with_body(environ: Environ, data: bytes, unreader: Any) -> PlainRequest:
    length = int(environ.get("CONTENT_LENGTH", 0))
    if len(data) < length:
        unreader.unread(data)
        reader = BodyReader(LengthReader(unreader, length))
        environ["wsgi.input"] = Body(reader)  # type: ignore[arg-type]  # it is read like gunicorn's own
        return PlainRequest(environ, reader)
    if len(data) > length:
        unreader.unread(data[length:])
    body = environ["wsgi.input"] = WholeBody(data[:length])
    return PlainRequest(environ, body)


def _address(client: Any) -> dict[str, str]:
    if isinstance(client, tuple):
        return {"REMOTE_ADDR": client[0], "REMOTE_PORT": str(client[1])}
    return {"REMOTE_ADDR": client.decode() if isinstance(client, bytes) else client}


@lru_cache(256)
def _key(name: str) -> str:
    """WSGI's key of a header."""
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{key}"


def _scheme_headers(cfg: Any, client: Any) -> dict[str, str]:
    """The headers by which gunicorn lets the client say that a proxy was reached by TLS: key, value that says it."""
    peer: Any = SimpleNamespace(cfg=cfg, peer_addr=client)
    is_trusted = HeaderPolicy._peer_is_trusted_proxy(peer)  # type: ignore[attr-defined]  # noqa: SLF001  (newer than its stubs)
    return {_key(name): secure for name, secure in cfg.secure_scheme_headers.items()} if is_trusted else {}
