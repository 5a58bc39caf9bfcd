"""Certificates for servers on loopback: an authority in a folder, and leaves that it signs. Not for machines: their
certificates come from role pki.
"""

import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CERTIFICATE, KEY, BOTH = "tls.pem", "tls.key", "tls-both.pem"
"""Files in a server's folder: the certificate with its chain, the key, and all of it in one, as Kafka reads it."""
LOOPBACK: Final = ("127.0.0.1", "localhost")
SERVER: Final = [ExtendedKeyUsageOID.SERVER_AUTH]
CLIENT_TOO: Final = [*SERVER, ExtendedKeyUsageOID.CLIENT_AUTH]
SLACK: Final = timedelta(minutes=5)
"""Before now: a certificate is in force at once, also where a clock is a little slow."""


@dataclass(frozen=True)
class Leaf:
    """A certificate with its chain and its key, as PEM files; `authority`: the CA's file, which clients verify by."""

    certificate: Path
    key: Path
    authority: Path

    def copy_to(self, folder: Path, owner: str = "") -> None:
        """Put them into a server's folder as CERTIFICATE, KEY, BOTH, for its user (`owner`: a login name) alone."""
        key, certificate = self.key.read_text(), self.certificate.read_text()
        for name, text in ((CERTIFICATE, certificate), (KEY, key), (BOTH, key + certificate)):
            made = folder / f"{name}.new"
            made.touch(mode=0o600)
            made.write_text(text)
            if owner:
                shutil.chown(made, owner)
            made.replace(folder / name)


class Authority:
    """A CA of its own, with its key in memory; `file` is its certificate, `ca.pem` in the folder."""

    def __init__(self, folder: Path, name: str = "payops test CA", days: int = 30) -> None:
        """Make it, in force for `days`. The folder exists."""
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        usage = {"key_cert_sign": True, "crl_sign": True}
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        made = (
            _certificate(self._name, self._name, self._key.public_key(), now - SLACK, now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(**usage), critical=True)
            .add_extension(identifier, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self._identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
        self.file = folder / "ca.pem"
        self.file.write_bytes(made.public_bytes(Encoding.PEM))

    def leaf(
        self, names: Sequence[str] = LOOPBACK, days: int = 1, *, expired: bool = False, mutual: bool = False
    ) -> Leaf:
        """A new leaf for these DNS names and addresses, in force for `days`; `expired`: until an hour ago.

        `mutual`: for a client, too, that shows a certificate.
        Files: NAME-….pem, with the CA, and NAME-….key, after the first name.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        until = datetime.now(UTC) + (timedelta(hours=-1) if expired else timedelta(days=days))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        made = (
            _certificate(subject, self._name, key.public_key(), until - timedelta(days=days) - SLACK, until)
            .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage(CLIENT_TOO if mutual else SERVER), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(self._identifier, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        name = f"{names[0]}-{secrets.token_hex(4)}"
        leaf = Leaf(self._folder / f"{name}.pem", self._folder / f"{name}.key", self.file)
        leaf.certificate.write_bytes(made.public_bytes(Encoding.PEM) + self.file.read_bytes())
        leaf.key.touch(mode=0o600)
        leaf.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return leaf


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(**used: bool) -> x509.KeyUsage:
    names = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
        *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{name: used.get(name, False) for name in names})
