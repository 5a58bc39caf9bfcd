"""CAs of links: files that can be read, of links that are TLS; and no parameter of a URL that verifies less."""

from pathlib import Path

import pytest

from payments.config import BadSettings, load
from stack.certificates import Authority

MARIADB = "mysql+pymysql://user:p%40ss@db-1/paydb"
KEY = "hidden-hidden-hidden"
CAS = ("APP_DATABASE_CA", "APP_REDIS_CA", "KAFKA_CA", "APP_ACQUIRER_CA")


@pytest.fixture
def ca(tmp_path: Path) -> str:
    return str(Authority(tmp_path).file)


def linked(ca: str) -> dict[str, str]:
    """Every link with its CA."""
    return {
        "DATABASE_URL": MARIADB,
        "REDIS_URL": "rediss://:secret@redis-1:6379/0",
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "APP_ACQUIRER_URL": "https://acquirer.example",
        "APP_ACQUIRER_KEY": KEY,
        **dict.fromkeys(CAS, ca),
    }


def refused(environment: dict[str, str]) -> str:
    with pytest.raises(BadSettings) as caught:
        load(environment)
    (line,) = str(caught.value).splitlines()[1:]
    return line.strip()


def test_every_link_may_have_its_own_authority(ca: str) -> None:
    settings = load(linked(ca))
    assert (settings.redis_ca, settings.kafka_ca) == (ca, ca)
    assert settings.acquirer == ("https://acquirer.example", KEY, ca)


def test_the_database_url_carries_its_authority_so_that_nobody_can_forget_it(ca: str) -> None:
    url = load(linked(ca)).database_url
    assert url.startswith(MARIADB + "?ssl_ca=")
    assert load({"DATABASE_URL": MARIADB}).database_url == MARIADB


@pytest.mark.parametrize("name", CAS)
@pytest.mark.parametrize("content", [None, "", "not a certificate"])
def test_a_file_that_is_no_authority_is_one_sentence(name: str, content: str | None, ca: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    if content is not None:
        wrong.write_text(content)
    expected = f"{name} must be a file of CA certificates (PEM) that this process may read"
    assert refused(linked(ca) | {name: str(wrong)}) == expected


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"DATABASE_URL": "sqlite:///payops.db"}, "APP_DATABASE_CA is for a MariaDB"),
        ({"DATABASE_URL": "mysql+pymysql://user@/paydb"}, "APP_DATABASE_CA is for a MariaDB"),
        ({"REDIS_URL": "redis://redis-1:6379/0"}, "REDIS_URL must begin with rediss://"),
        ({"APP_REDIS_CA": ""}, "REDIS_URL must begin with rediss:// where APP_REDIS_CA is set, and only there"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"}, "KAFKA_SECURITY_PROTOCOL must be SSL or SASL_SSL"),
        ({"KAFKA_SECURITY_PROTOCOL": ""}, "KAFKA_SECURITY_PROTOCOL must be SSL or SASL_SSL"),
        ({"APP_ACQUIRER_URL": "http://localhost:8090"}, "APP_ACQUIRER_URL must begin with https://"),
        ({"APP_ACQUIRER_URL": "", "APP_ACQUIRER_KEY": ""}, "APP_ACQUIRER_URL must begin with https://"),
    ],
)
def test_an_authority_of_a_link_that_is_plain_is_refused(change: dict[str, str], sentence: str, ca: str) -> None:
    assert refused(linked(ca) | change).startswith(sentence)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("REDIS_URL", "rediss://redis-1/0?ssl_cert_reqs=none"),
        ("REDIS_URL", "rediss://redis-1/0?ssl_check_hostname="),
        ("DATABASE_URL", f"{MARIADB}?ssl_check_hostname=false"),
        ("DATABASE_URL", f"{MARIADB}?charset=utf8mb4&ssl_disabled=true"),
    ],
)
def test_a_url_cannot_verify_less(name: str, url: str, ca: str) -> None:
    assert refused(linked(ca) | {name: url}).startswith(f"{name} must have no parameter about TLS")


def test_a_refusal_tells_no_secret(ca: str) -> None:
    wrong = linked(ca) | {"REDIS_URL": "redis://:secret@redis-1/0?ssl_x=1", "DATABASE_URL": "sqlite:///:p%40ss?ssl_x=1"}
    with pytest.raises(BadSettings) as caught:
        load(wrong)
    assert all(hidden not in str(caught.value) for hidden in ("secret", "p%40ss", KEY))
