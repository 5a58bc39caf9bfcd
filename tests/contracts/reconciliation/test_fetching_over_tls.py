"""A settlement file is fetched from no server but one that the CA file vouches for."""

import ssl
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_mock_engine

from payments.reconciliation.fetching import Access, NotFetched, fetch_day
from stack.certificates import Authority
from tests.contracts.scripted_server import say, serving
from tests.moments import always

NOT_THERE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
DAY = date(2030, 5, 17)
NOW = datetime(2030, 5, 18, 6, tzinfo=UTC)


def fetched(url: str, ca: Path) -> object:
    engine = create_mock_engine("sqlite://", print)  # a day that is not there yet needs none
    return fetch_day(engine, Access(url, "key", str(ca)), "simulator", DAY, "test", always(NOW))  # type: ignore[arg-type]


def test_its_authority_counts_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leaf = Authority(tmp_path).leaf()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(leaf.certificate, leaf.key)
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(leaf.authority))
    with serving(say(NOT_THERE), tls) as server:
        assert fetched(server.tls_url, leaf.authority) is None
        with pytest.raises(NotFetched, match="SSLCertVerificationError"):
            fetched(server.tls_url, Authority(other).file)
        with pytest.raises(NotFetched, match="FileNotFoundError"):
            fetched(server.tls_url, tmp_path / "none.pem")
