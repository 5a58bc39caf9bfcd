"""The WSGI server, with an application of the test's own."""

import http.client
import socket

import gevent
from flask import Flask, request

from psp.http.wire import SOCKET, Waits
from psp.server import Server


def get(port: int) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    answer = connection.getresponse().read()
    connection.close()
    return answer


def test_an_answer_does_not_wait_for_the_callers_acknowledgement() -> None:
    app = Flask("test")

    @app.get("/")
    def no_delay() -> str:
        accepted: socket.socket = request.environ[SOCKET]
        return str(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    server = Server(("127.0.0.1", 0), app, Waits())
    server.start()
    try:
        assert gevent.get_hub().threadpool.apply(get, (server.port,)) == b"1"
    finally:
        server.stop()
