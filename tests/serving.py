"""A local HTTP server whose answers are a function of the request, and which records requests."""

import io
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from threading import Thread
from typing import Any

from stack.certificates import Leaf


@dataclass(frozen=True)
class Done:
    """The result of a command."""

    code: int
    stdout: str
    stderr: str


def done(main: Callable[[], int]) -> Done:
    """Run a command in this process: a child process takes a second, mostly for imports."""
    with redirect_stdout(io.StringIO()) as stdout, redirect_stderr(io.StringIO()) as stderr:
        code = main()
    return Done(code, stdout.getvalue(), stderr.getvalue())


@dataclass(frozen=True)
class Request:
    """One received request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """Status, JSON (None: no body) and headers."""

    status: int
    value: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Server:
    """Its URL, and the requests it received."""

    url: str
    requests: list[Request]

    def writes(self) -> list[Request]:
        """Requests that change something."""
        return [request for request in self.requests if request.method != "GET"]


class _OnUnixSocket(ThreadingHTTPServer):
    address_family = socket.AF_UNIX
    server_bind = TCPServer.server_bind  # the parent's wants a host and a port


def _server_context(leaf: Leaf) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.certificate, leaf.key)
    return context


@contextmanager
def serving(
    answer: Callable[[Request, str], Answer], at: Path | None = None, leaf: Leaf | None = None
) -> Iterator[Server]:
    """Serve on a free port, or the unix socket `at`; `answer` gets the request and the server's own URL.

    `leaf`: over TLS, with this certificate.
    """
    requests: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            requests.append(request)
            answered = answer(request, url)
            text = b"" if answered.value is None else json.dumps(answered.value).encode()
            self.send_response(answered.status)
            for name, value in {"Content-Type": "application/json", **answered.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815  (http.server names them)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  (http.server names it)
            """No log."""

    httpd = _OnUnixSocket(str(at), Handler) if at else ThreadingHTTPServer(("127.0.0.1", 0), Handler)  # type: ignore[arg-type]  # a path is an address, too
    url = "http://localhost" if at else f"{'https' if leaf else 'http'}://127.0.0.1:{httpd.server_port}"
    if leaf:
        httpd.socket = _server_context(leaf).wrap_socket(httpd.socket, server_side=True)
    thread = Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Server(url, requests)
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()
