"""Authorities and certificates that a test makes itself, as PEM."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

PKCS8: Final = serialization.PrivateFormat.PKCS8
FOR_SERVERS: Final = ExtendedKeyUsageOID.SERVER_AUTH
FOR_CLIENTS: Final = ExtendedKeyUsageOID.CLIENT_AUTH


def pem(key: ec.EllipticCurvePrivateKey) -> str:
    """A key as text, without a password."""
    return key.private_bytes(serialization.Encoding.PEM, PKCS8, serialization.NoEncryption()).decode()


def sec1(key: str) -> str:
    """The same key as `openssl ecparam -genkey` writes it."""
    loaded = serialization.load_pem_private_key(key.encode(), None)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return loaded.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@dataclass(frozen=True)
class Leaf:
    """A certificate and its key, PEM."""

    certificate: str
    key: str

    def written(self, folder: Path, name: str) -> dict[str, str]:
        """Write both into files; what an entry of pki_certificates says of them."""
        paths = {part: folder / f"{name}.{part}" for part in ("certificate", "key")}
        paths["certificate"].write_text(self.certificate)
        paths["key"].write_text(self.key)
        return {part: str(path) for part, path in paths.items()}


@dataclass(frozen=True)
class Authority:
    """An authority that has signed itself."""

    certificate: str
    key: str

    @classmethod
    def new(cls, name: str = "test", *, is_authority: bool = True) -> Self:
        """Make one; valid for ten years."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _named(name)
        return cls._signed(_builder(subject, subject, key.public_key(), 3650), key, key, is_authority=is_authority)

    def intermediate(self, name: str, days: int) -> "Authority":
        """One that this authority has signed, valid for `days` days."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer, signer = self._own()
        return self._signed(_builder(_named(name), issuer, key.public_key(), days), key, signer, is_authority=True)

    @classmethod
    def _signed(
        cls,
        made: x509.CertificateBuilder,
        key: ec.EllipticCurvePrivateKey,
        signer: ec.EllipticCurvePrivateKey,
        *,
        is_authority: bool,
    ) -> Self:
        made = made.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        signed = made.sign(signer, hashes.SHA256())
        return cls(signed.public_bytes(serialization.Encoding.PEM).decode(), pem(key))

    def _own(self) -> tuple[x509.Name, ec.EllipticCurvePrivateKey]:
        signer = serialization.load_pem_private_key(self.key.encode(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        return x509.load_pem_x509_certificate(self.certificate.encode()).subject, signer

    def leaf(self, names: list[str], days: int, key: str = "", usage: x509.ObjectIdentifier | None = None) -> Leaf:
        """A certificate for names and addresses, valid from yesterday for `days` days; `key`: not a new one.

        `usage`: what alone it is for.
        """
        own = serialization.load_pem_private_key((key or pem(ec.generate_private_key(ec.SECP256R1()))).encode(), None)
        assert isinstance(own, ec.EllipticCurvePrivateKey)
        issuer, signer = self._own()
        made = _builder(_named(names[0]), issuer, own.public_key(), days)
        if usage:
            made = made.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        alternative = x509.SubjectAlternativeName([_general(name) for name in names])
        made = made.add_extension(alternative, critical=False)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        signed = made.add_extension(identifier, critical=False).sign(signer, hashes.SHA256())
        return Leaf(signed.public_bytes(serialization.Encoding.PEM).decode(), pem(own))


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
    return made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=days, hours=1))
