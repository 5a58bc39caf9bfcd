"""Whose certificates count at an https platform: those of the CAs in the file PAYOPS_CA alone, else the system's."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from load.errors import NotRun

VARIABLE: Final = "PAYOPS_CA"


def file(variables: Mapping[str, str]) -> str | None:
    """Its path; None where the system's count. NotRun when it cannot be read, or has no certificate."""
    if not (given := variables.get(VARIABLE)):
        return None
    path = Path(given).absolute()
    try:
        ssl.create_default_context(cafile=path)
    except OSError:
        raise NotRun(f"{VARIABLE}={given} is not a file of CA certificates that can be read.") from None
    return str(path)


def for_k6(variables: Mapping[str, str]) -> dict[str, str]:
    """Of k6's environment, for it has no option. Go reads a folder beside the file: there is none."""
    path = file(variables)
    return {"SSL_CERT_FILE": path, "SSL_CERT_DIR": "/nonexistent"} if path else {}
