"""Link × {right, plain, wrong CA, expired, wrong name, TLS 1.1}: all but the first are refused, and say why."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from payments.platform.database import create_engine, with_ca
from stack.certificates import Authority
from stack.mariadb import MariaDBAddress
from tests.integration.tls.links import FAILURES, KafkaLink, Link, MariaDBLink, RedisLink, reason

KINDS: Final[dict[str, Callable[[Path], Link]]] = {"mariadb": MariaDBLink, "redis": RedisLink, "kafka": KafkaLink}


@pytest.fixture(scope="module", params=KINDS)
def link(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Link]:
    with KINDS[request.param](tmp_path_factory.mktemp("authority")) as link:
        yield link


def test_right(link: Link) -> None:
    link.speak(link.authority.file)


def test_plain_is_refused_by_the_server(link: Link) -> None:
    with pytest.raises(FAILURES):
        link.speak_plain()


def test_another_authority_is_not_trusted(link: Link, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(FAILURES) as refused:
        link.speak(Authority(tmp_path).file)
    assert "certificate verify failed" in reason(refused.value, caplog)


def test_the_systems_authorities_do_not_count(
    link: Link, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(link.authority.file))
    with pytest.raises(FAILURES) as refused:
        link.speak(Authority(tmp_path).file)
    assert "certificate verify failed" in reason(refused.value, caplog)


def test_an_expired_certificate_is_refused(link: Link, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(FAILURES) as refused:
        link.speak_to_expired()
    assert link.expired in reason(refused.value, caplog)


def test_another_name_is_refused(link: Link, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(FAILURES) as refused:
        link.speak(link.authority.file, "localhost")
    assert link.mismatch in reason(refused.value, caplog)


def test_tls_1_1_is_refused(link: Link, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(FAILURES) as refused:
        link.speak_to_old()
    assert "version" in reason(refused.value, caplog).lower()


def test_a_database_that_offers_no_tls_gets_no_password(mariadb_server: MariaDBAddress, tmp_path: Path) -> None:
    engine = create_engine(with_ca(mariadb_server.database_url("mysql"), str(Authority(tmp_path).file)))
    with pytest.raises(FAILURES, match="SSL is required but the server doesn't support it"):
        engine.connect()
