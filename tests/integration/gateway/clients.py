"""Clients of a gateway under test: requests over TLS, and raw bytes over TLS."""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests

from stack.envoy import ROLE, Envoy
from tests.serving import Request, Server

PATIENCE = 60
"""Seconds."""


class Gate:
    """A running Envoy, and the CA that its certificate is verified by."""

    def __init__(self, envoy: Envoy, authority: Path) -> None:
        """`authority`: a file."""
        self.envoy = envoy
        self.authority = authority
        self._context = ssl.create_default_context(cafile=str(authority))

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """Send one request on a new connection, and follow no redirect."""
        where, verify = self.envoy.url + path, str(self.authority)
        return requests.request(method, where, timeout=PATIENCE, allow_redirects=False, verify=verify, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        """Send a GET."""
        return self.ask("GET", path, **more)

    def post(self, path: str, **more: Any) -> requests.Response:
        """Send a POST."""
        return self.ask("POST", path, **more)

    @contextmanager
    def connected(self, data: bytes = b"", context: ssl.SSLContext | None = None) -> Iterator[ssl.SSLSocket]:
        """A client over TLS that has sent `data`."""
        context = context or self._context
        with socket.create_connection(("127.0.0.1", self.envoy.port), timeout=PATIENCE) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else 40 ms between handshake and request
            with context.wrap_socket(plain, server_hostname="localhost") as client:
                client.sendall(data)
                yield client

    def said(self, data: bytes) -> bytes:
        """Everything that is answered to `data`, until the gateway closes the connection."""
        with self.connected() as client:
            return said_to(client, data)


def said_to(client: socket.socket, data: bytes) -> bytes:
    """As `Gate.said`, on a connection that there is."""
    found: list[bytes] = []
    with suppress(OSError):  # it may close the connection before it has read all
        client.sendall(data)
        found.extend(iter(lambda: client.recv(65536), b""))
    return b"".join(found)


def asked(server: Server) -> list[Request]:
    """What an instance was asked, without health checks."""
    return [request for request in server.requests if request.path != "/health/live"]


def is_problem(answer: requests.Response, status: int, code: str) -> bool:
    """Whether it is a complete problem of the gateway's own."""
    problem: dict[str, Any] = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["requestId"] == answer.headers["X-Request-Id"] != ""
    assert problem["type"] == f"urn:payops:problem:{code.lower().replace('_', '-')}"
    assert {"title", "detail", "instance", "message", "errors"} < set(problem)
    assert answer.headers["Cache-Control"] == "no-store"
    return (answer.status_code, problem["status"], problem["code"]) == (status, status, code)


def state(gate: Gate, name: str, instance: int) -> str:
    """Of an instance, as instance-state.sh sees it: empty when it is `name`, else why it is not."""
    script, admin = str(ROLE / "files/instance-state.sh"), str(gate.envoy.folder / "admin.sock")
    command = ["sh", script, name, f"127.0.0.1:{instance}", admin]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr.partition(" is not ")[2].strip()
