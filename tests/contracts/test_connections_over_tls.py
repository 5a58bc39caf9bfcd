"""The same over TLS: a connection that is not trusted, or never comes about, is none, and nothing was sent."""

import socket
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import pytest

from payments.acquiring.connector import Seen
from stack.certificates import Authority
from tests.contracts.scripted_server import LONG, OK, SHORT, STEP, Asker, letters, say, serving


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that is its own authority, and its key."""
    made = tmp_path / "certificate.pem"
    new = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        "/CN=acquirer",
    ]
    options = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(made), "-out", str(tmp_path / "public.pem")]
    subprocess.run([*new, *options], check=True, capture_output=True)
    made.write_text(made.read_text() + (tmp_path / "public.pem").read_text())
    return made


@pytest.mark.parametrize("trusted", [True, False])
def test_only_a_certificate_of_a_trusted_authority_is_taken(
    certificate: Path, trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with serving(say(OK), tls) as server:
        asker = Asker(server.tls_url, 1)
        if trusted:
            assert [asker.status(), asker.status()] == [200, 200]
        else:
            assert asker.seen() is Seen.NOT_CONNECTED
        assert len(server.requests) == (2 if trusted else 0)
        asker.connections.close()


@pytest.mark.parametrize(("names", "own"), [(["127.0.0.1"], True), (["127.0.0.1"], False), (["elsewhere"], True)])
def test_an_authority_of_its_own_counts_alone_and_a_refusal_is_logged(
    names: list[str], own: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    authority, other = Authority(tmp_path), Authority(made(tmp_path / "other"))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    leaf = authority.leaf(names)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(leaf.certificate, leaf.key)
    with serving(say(OK), tls) as server:
        asker = Asker(server.tls_url, 1, str((authority if own else other).file))
        if own and names == ["127.0.0.1"]:
            assert asker.status() == 200
        else:
            assert asker.seen() is Seen.NOT_CONNECTED
            (logged,) = caplog.records
            assert logged.getMessage() == "acquirer_not_trusted"
            assert "certificate verify failed" in logged.__dict__["error"]
        asker.connections.close()


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_a_deadline_holds_in_a_handshake_too() -> None:
    sent: list[int] = []
    record = letters(b"\x16\x03\x03\x40\x00" + b"\x02" * 400)  # the beginning of 16 KB

    def trickle(listener: socket.socket) -> None:
        client = listener.accept()[0]
        with client, suppress(OSError):
            for each in record:
                sent.append(client.send(each))
                Event().wait(STEP)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=trickle, args=(listener,))
        thread.start()
        assert Asker(f"https://127.0.0.1:{listener.getsockname()[1]}", 1).seen(SHORT) is Seen.NOT_CONNECTED
        thread.join(LONG + STEP * len(record))
    assert len(sent) < len(record)


def test_no_tls_is_no_connection() -> None:
    with serving(say(OK)) as server:
        assert Asker(server.tls_url, 1).seen(SHORT) is Seen.NOT_CONNECTED
