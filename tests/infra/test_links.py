"""Link × {right, plain, another authority, expired, another name, TLS 1.1}: all but the first are refused.

By the code that uses the link: the release's own for MariaDB, Redis and Kafka, curl for HTTP. No certificate here has
ended, and nothing here speaks TLS 1.1 alone, so these two are by OpenSSL's client; tests/integration/tls shows that our
own code refuses such servers. Nothing is changed.
"""

import re
from typing import Final

import pytest

from tests.infra import links
from tests.infra.clients import CA
from tests.infra.links import LINKS, Link, Web

REFUSALS: Final = {
    # MariaDB denies access to the login that test_right makes
    links.PLAIN: r"Access denied|Connection (closed|reset)|closed the connection|transport failure"
    r"|HTTP request to an HTTPS server|Empty reply|(Recv|Send) failure|HTTP/0\.9 when not allowed",
    links.AUTHORITY: r"certificate verify failed|unable to get local issuer certificate|self-signed certificate",
    links.NAME: r"mismatch|certificate verify failed|no alternative certificate subject name matches",
}
"""Kind → what a client says of it."""
MUTUAL: Final = [name for name, link in LINKS.items() if isinstance(link, Web) and link.certificate]


@pytest.fixture(params=LINKS)
def link(request: pytest.FixtureRequest) -> Link:
    return LINKS[request.param]


@pytest.fixture
def host(host_of, link: Link):
    host_of(link.target)  # skips where there is none
    return host_of(link.source)


def test_right(host, link: Link) -> None:
    said = link.speak(host, links.RIGHT)
    assert said.passed, said.text


@pytest.mark.parametrize("kind", REFUSALS)
def test_it_is_refused(host, link: Link, kind: str) -> None:
    said = link.speak(host, kind)
    assert not said.passed
    assert re.search(REFUSALS[kind], said.text), said.text


def test_a_certificate_that_has_ended_is_refused(host, link: Link) -> None:
    """Seen from a later moment: Python, librdkafka and curl leave dates to the same OpenSSL. Go checks them, too."""
    verify = ("-CAfile", CA, "-verify_return_error")
    assert "Verify return code: 0 (ok)" in link.hello(host, *verify).text
    said = link.hello(host, *verify, "-attime", links.later())
    assert not said.passed
    assert "certificate has expired" in said.text, said.text


def test_tls_1_1_is_refused(host, link: Link) -> None:
    """By the server: this client would take it, with the ciphers that 1.1 has."""
    said = link.hello(host, "-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0")
    assert not said.passed
    assert re.search("alert (protocol version|handshake failure)", said.text), said.text  # by its key of Ed25519


@pytest.mark.parametrize("name", MUTUAL)
def test_without_a_clients_certificate_there_are_no_metrics(host_of, name: str) -> None:
    link = LINKS[name]
    assert isinstance(link, Web)
    host_of(link.target)
    said = link.fetch(host_of(link.source), links.RIGHT, "")
    assert not said.passed
    # by TLS 1.3 the client learns it when it has sent its request, or finds the connection closed while it sends
    assert re.search("certificate required|bad certificate|errno 107|reset|Broken pipe", said.text), said.text


def test_the_gate_shows_metrics_to_prometheus_alone(host_of) -> None:
    """An exporter's certificate is of our authority, too."""
    link = LINKS["Prometheus to the application"]
    assert isinstance(link, Web)
    said = link.fetch(host_of(link.source), links.RIGHT, "exporter")
    assert not said.passed, said.text
