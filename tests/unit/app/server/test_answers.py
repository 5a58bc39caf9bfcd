"""An answer has the bytes that gunicorn's Response gives it, and is refused when gunicorn refuses it."""

import re
import time
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any

from gunicorn.config import Config
from gunicorn.http.wsgi import Response
from hypothesis import example, given
from hypothesis import strategies as st

from app.server.answers import Answer

CFG = Config()
NAMES = (
    "Content-Type", "Content-Length", "content-length", "Connection", "Transfer-Encoding", "Keep-Alive", "Set-Cookie",
    "X-Request-Id", "Bad Name", "", "X:", "é",
)  # fmt: skip
VALUES = ("a", "2", " 2 ", "-2", "²", "", " spaced\t", "a\r\nX: b", "a\nb", "a\0", "é", "€", "close", "keep-alive")


class Client:
    """A socket that keeps what it is sent."""

    def __init__(self) -> None:
        self.sent = b""

    def sendall(self, data: bytes) -> None:
        self.sent += data


def sent(kind: type[Response], status: str, headers: Any, request: Any) -> bytes | type[Exception]:
    """The bytes of an answer, or the error that it is refused by."""
    client: Any = Client()
    answer = kind(request, client, CFG)
    try:
        answer.start_response(status, headers)
        answer.write(b"{}")
        answer.close()
    except Exception as error:  # noqa: BLE001  (whatever it is, it is compared)
        return type(error)
    dated = re.sub(rb"Date: [^\r]*", b"Date", client.sent)
    return dated + repr(answer.should_close()).encode()


STATUSES = ("200 OK", "201 CREATED", "204 NO CONTENT", "304 NOT MODIFIED", "200", "2000 X", "200 A\r\nB")


@given(
    status=st.sampled_from(
        ("200 OK", "201 CREATED", "204 NO CONTENT", "304 NOT MODIFIED", "200", "2000 X", "200 A\r\nB")
    ),
    headers=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=5),
    method=st.sampled_from(("GET", "HEAD", "POST")),
    version=st.sampled_from(((1, 0), (1, 1))),
    closes=st.booleans(),
)
@example(
    status="200 OK",
    headers=[("Content-Length", "a"), ("Content-Length", "2")],
    method="GET",
    version=(1, 1),
    closes=False,
)
def test_answers_are_those_of_gunicorn(
    status: str, headers: list[tuple[str, str]], method: str, version: tuple[int, int], closes: bool
) -> None:
    request = SimpleNamespace(method=method, version=version, should_close=lambda: closes)
    assert sent(Answer, status, headers, request) == sent(Response, status, headers, request)


def test_the_date_is_now() -> None:
    client: Any = Client()
    answer = Answer(SimpleNamespace(method="GET", version=(1, 1), should_close=bool), client, CFG)
    answer.start_response("200 OK", [])
    before = int(time.time())
    answer.send_headers()
    (date,) = re.findall(rb"Date: ([^\r]*)", client.sent)
    assert before <= parsedate_to_datetime(date.decode()).timestamp() <= time.time()
