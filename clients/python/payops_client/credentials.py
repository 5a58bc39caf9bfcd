"""Which keys can be sent, where to, and whose certificates count there.

No error shows a key, or an address: it may hold a password.
"""

import re
import ssl
from ipaddress import ip_address
from urllib.parse import urlsplit


def checked_key(api_key: str) -> str:
    """The key. Raises ValueError when it cannot be sent in a header."""
    if not re.fullmatch(r"[!-~]+", api_key):
        raise ValueError("The API key must be one word of ASCII characters.")
    return api_key


def checked_url(base_url: str, *, allow_http: bool) -> str:
    """The address without a slash at its end. Raises ValueError when a key must not be sent there."""
    url = urlsplit(base_url)
    if url.scheme not in ("https", "http") or not url.hostname or "@" in url.netloc or url.query or url.fragment:
        raise ValueError("The address must be like https://payops.example, without user, query and fragment.")
    _ = url.port  # ValueError when it is no number
    if url.scheme == "http" and not allow_http and not _is_loopback(url.hostname):
        raise ValueError(
            "Over http anybody on the way could read the key; use https, or --allow-http (allow_http=True)."
        )
    return base_url.rstrip("/")


def trusting(ca_file: str) -> ssl.SSLContext:
    """A context that verifies servers by the CAs of this file alone. Raises ValueError when it cannot be read."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        reason = "it has no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise ValueError(f"The CAs cannot be read from {ca_file}: {reason}.") from None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
