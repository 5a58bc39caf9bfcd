"""The API key goes to the API alone: not into texts, errors, logs, other machines or unverified connections."""

import json
import logging
import ssl
import subprocess
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from payops_client import OutcomeUnknown, Payops, PayopsError, ServerNotTrusted
from stack.certificates import Authority
from stack.ports import free_port
from tests.clients.conftest import Front, Merchant
from tests.serving import Answer

KEY = "po_test_00Abc123Def4_thisIsTheSecretThatNobodyMaySee01234567"
SECRET = "thisIsTheSecret"


def everything(value: Any) -> str:
    """What a debugger or an error tracker would show of a value."""
    shown = [repr(value), str(value), repr(getattr(value, "__dict__", ""))]
    if isinstance(value, BaseException):
        told = traceback.TracebackException.from_exception(value, capture_locals=True)
        told.stack = traceback.StackSummary([frame for frame in told.stack if frame.filename != __file__])
        shown += told.format()
        shown += [everything(below) for below in (value.__cause__, value.__context__) if below]
    return "\n".join(shown)


def wrong_key(front: Front) -> None:
    Payops(KEY, front.url).authorize(amount=1, currency="KRW")


def not_now(front: Front) -> None:
    front.planned[:] = [Answer(503)] * 5
    Payops(KEY, front.url, tries=2, pause=lambda _: None).authorize(amount=1, currency="KRW")


def no_answer(front: Front) -> None:
    Payops(KEY, f"http://127.0.0.1:{free_port()}", tries=2, pause=lambda _: None).show(1)


def not_ours(front: Front) -> None:
    front.planned[:] = [Answer(302, {}, {"Location": front.url})]
    Payops(KEY, front.url).show(1)


@pytest.mark.parametrize("fail", [wrong_key, not_now, no_answer, not_ours])
def test_no_error_and_no_log_shows_the_key(
    front: Front, caplog: pytest.LogCaptureFixture, fail: Callable[[Front], None]
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(PayopsError) as caught:
        fail(front)
    logged = "\n".join(str(vars(record)) for record in caplog.records)
    assert "payops_try_again" in logged or fail in (wrong_key, not_ours)
    assert SECRET not in everything(caught.value) + logged


def test_no_object_shows_the_key() -> None:
    payops = Payops(KEY, "https://payops.example")
    shown = everything(payops) + "".join(everything(value) for value in vars(payops).values())
    assert SECRET not in shown


@pytest.mark.parametrize("key", [KEY + "\n", KEY + " x", "ключ" + KEY, "", "\N{ZERO WIDTH SPACE}" + KEY])
def test_a_key_that_cannot_be_sent_is_not_shown(key: str) -> None:
    with pytest.raises(ValueError, match="API key") as caught:
        Payops(key, "https://payops.example")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://payops.example",
        "http://10.0.0.1:8080",
        "http://127.0.0.1.payops.example",
        "http://localhost.payops.example",
        "http://user@127.0.0.1",
        "https://user:pass-word@payops.example",
        "https://payops.example?a=b",
        "https://payops.example#a",
        "https://payops.example:port",
        "ftp://payops.example",
        "payops.example",
        "https://",
        "",
    ],
)
def test_an_address_that_is_not_safe_or_not_one_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|http|[Pp]ort") as caught:
        Payops(KEY, url)
    assert "pass-word" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://[::1]:8080/", "http://localhost", "https://payops.example/api"]
)
def test_an_address_that_is_safe_is_taken(url: str) -> None:
    Payops(KEY, url).close()
    Payops(KEY, "http://payops.example", allow_http=True).close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that no authority signed, with its key."""
    file = tmp_path / "server.pem"
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*new, *names, "-keyout", file, "-out", tmp_path / "certificate"], check=True, capture_output=True)
    file.write_text(file.read_text() + (tmp_path / "certificate").read_text())
    return file


@pytest.fixture
def over_tls(certificate: Path) -> Iterator[tuple[str, list[str]]]:
    """The URL of an API over TLS, and the paths that it was asked for."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer an empty list."""
            paths.append(self.path)
            text = json.dumps({"items": [], "nextCursor": None}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  (http.server names it)
            """No log."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with HTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
        thread = Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"https://127.0.0.1:{httpd.server_port}", paths
        httpd.shutdown()
        thread.join()


def test_a_certificate_that_is_not_trusted_gets_nothing(
    over_tls: tuple[str, list[str]], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, paths = over_tls
    with pytest.raises(ServerNotTrusted, match="certificate") as caught, Payops(KEY, url, tries=3) as payops:
        list(payops.list())
    assert (paths, caught.value.code) == ([], "SERVER_NOT_TRUSTED")
    assert SECRET not in everything(caught.value)
    with Payops(KEY, url, ca_file=str(certificate)) as payops:
        assert list(payops.list()) == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Payops(KEY, url) as payops:
        assert list(payops.list()) == []
    assert paths == ["/payments?limit=50"] * 2


def test_a_file_of_cas_counts_alone(
    over_tls: tuple[str, list[str]], certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, paths = over_tls
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # as if the system trusted it
    other = Authority(tmp_path).file
    with Payops(KEY, url, ca_file=str(other)) as payops, pytest.raises(ServerNotTrusted):
        list(payops.list())
    assert paths == []
    other.write_text("no certificate")
    with pytest.raises(ValueError, match=r"cannot be read from .*: it has no certificate\."):
        Payops(KEY, url, ca_file=str(other))


def test_tls_that_fails_otherwise_is_no_answer(merchant: Merchant) -> None:
    url = merchant.url.replace("http:", "https:")
    with Payops(KEY, url, tries=2, pause=lambda _: None) as payops, pytest.raises(OutcomeUnknown):
        payops.show(1)
