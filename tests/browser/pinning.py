"""How Chromium trusts a server whose CA it does not know: by the server's public key, once Python has verified it."""

import base64
import hashlib
import socket
import ssl
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECONDS: Final = 10


def pin_of(url: str, ca: str) -> str:
    """The SHA-256 of the public key of the server at an https URL. ssl.SSLError unless `ca` verifies it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    context = ssl.create_default_context(cafile=ca)
    with (
        socket.create_connection((host, parts.port or 443), SECONDS) as connection,
        context.wrap_socket(connection, server_hostname=host) as shown,
    ):
        leaf = x509.load_der_x509_certificate(shown.getpeercert(binary_form=True) or b"")
    key = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


def trusting(*pins: str) -> list[str]:
    """Chromium's options: a server that shows one of these keys is trusted, and no other."""
    return [f"--ignore-certificate-errors-spki-list={','.join(pins)}"] if pins else []
