"""An answer that is cut off at any byte is never taken for another answer."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from payops_client import OutcomeUnknown, Payops
from tests.clients.conftest import Merchant


@contextmanager
def answering(texts: Iterator[bytes], *, reset: bool = False) -> Iterator[str]:
    """The URL of a server that sends the next text to each connection and ends it: in order, or by a reset."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = listener.accept()
                with connection:
                    received(connection)
                    connection.sendall(next(texts))
                    if reset:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    else:
                        connection.shutdown(socket.SHUT_WR)

    thread = Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def received(connection: socket.socket) -> bytes:
    """One message with its body, by its Content-Length."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += connection.recv(65536) or pytest.fail("no whole head")
    head, _, body = text.partition(b"\r\n\r\n")
    [length] = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    while len(body) < length:
        body += connection.recv(65536) or pytest.fail("no whole body")
    return head + b"\r\n\r\n" + body


def answer_of(merchant: Merchant, path: str, body: str) -> bytes:
    """What the API sends, byte for byte."""
    host, port = merchant.url.removeprefix("http://").split(":")
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {merchant.key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall((head + body).encode())
        return received(connection)


@pytest.mark.parametrize("reset", [False, True])
def test_an_answer_that_is_cut_off_anywhere_is_no_answer(merchant: Merchant, reset: bool) -> None:
    done = answer_of(merchant, "/payments/authorize", '{"amount":5,"currency":"KRW","idempotencyKey":"k"}')
    [payment] = merchant.payments()
    refused = answer_of(merchant, f"/payments/refund/{payment['paymentId']}", '{"amount":6}')
    assert (done.split()[1], refused.split()[1]) == (b"200", b"409")
    parts = [text[:end] for text in (done, refused) for end in range(len(text))]
    with answering(iter(parts), reset=reset) as url, Payops(merchant.key, url, tries=1) as payops:
        for part in parts:
            with pytest.raises(OutcomeUnknown) as caught:
                payops.authorize(amount=5, currency="KRW", idempotency_key="k")
            assert caught.value.code == "NO_ANSWER", part
