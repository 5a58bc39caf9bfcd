"""How GitHub signs a webhook: X-Hub-Signature-256 is the HMAC-SHA256 of the raw body, in hexadecimal."""

import hashlib
import hmac

HEADER = "X-Hub-Signature-256"


def sign(secret: str, body: bytes) -> str:
    """The header's value for this body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_signed(secret: str, body: bytes, signature: str) -> bool:
    """Whether the signature is that of this body; compares in constant time."""
    return hmac.compare_digest(sign(secret, body).encode(), signature.encode())
