"""TLS of the gateway: what is refused, and a new certificate without a restart."""

import ssl
import warnings

import pytest
import requests

from stack.certificates import Authority, Leaf
from stack.envoy import Envoy
from tests.integration.gateway.clients import Gate
from tests.integration.gateway.conftest import port
from tests.servers import until
from tests.serving import Server


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(gate: Gate, version: ssl.TLSVersion) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context = ssl.create_default_context(cafile=str(gate.authority))
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        with pytest.raises(ssl.SSLError, match=r"(?i)protocol|handshake|version"), gate.connected(context=context):
            pass


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_new_tls_is_spoken(gate: Gate, version: ssl.TLSVersion) -> None:
    context = ssl.create_default_context(cafile=str(gate.authority))
    context.minimum_version = context.maximum_version = version
    with gate.connected(context=context) as client:
        assert client.version() == {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[version.name]


def test_http_2_is_not_offered(gate: Gate) -> None:
    context = ssl.create_default_context(cafile=str(gate.authority))
    context.set_alpn_protocols(["h2", "http/1.1"])
    with gate.connected(context=context) as client:
        assert client.selected_alpn_protocol() == "http/1.1"


def test_plain_http_on_the_port_with_tls_is_no_request(gate: Gate, instance: Server) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{gate.envoy.port}/a", timeout=60)


def test_a_new_certificate_is_taken_without_a_restart(authority: Authority, instance: Server) -> None:
    leaf = authority.leaf()
    with Envoy(leaf.certificate, leaf.key, envoy_instances=[port(instance)]) as envoy:
        gate = Gate(envoy, leaf.authority)
        shown = certificate(gate)
        with gate.connected(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n") as kept:
            assert answered(kept).startswith(b"HTTP/1.1 200 ")
            replace(leaf, authority.leaf())
            until(lambda: certificate(gate) != shown, "the new certificate is shown")
            kept.sendall(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
            assert answered(kept).startswith(b"HTTP/1.1 200 ")


def answered(client: ssl.SSLSocket) -> bytes:
    """One answer with its body, which may come in a packet of its own."""
    said = b""
    while not said.endswith(b"}"):
        said += client.recv(65536)
    return said


def certificate(gate: Gate) -> bytes | None:
    """What a new connection is shown."""
    with gate.connected() as client:
        return client.getpeercert(binary_form=True)


def replace(leaf: Leaf, new: Leaf) -> None:
    """As role pki does: the key, then the certificate, each by a rename."""
    new.key.replace(leaf.key)
    new.certificate.replace(leaf.certificate)
