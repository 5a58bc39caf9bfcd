"""The operator's name for `operator_action`: the person at the terminal, not the service's user."""

import getpass
import os
from collections.abc import Mapping
from typing import Final

LONGEST: Final = 124
"""Characters; with `cli:` before it a name fits its column."""


def actor(environment: Mapping[str, str]) -> str:
    """`cli:` and the user who called sudo, else who logged in, else the process's user.

    Not authenticated: the caller controls the environment.
    """
    name = _safe(environment.get("SUDO_USER", "")) or _safe(_login_name())
    return f"cli:{name or f'uid-{os.getuid()}'}"


def _login_name() -> str:
    for ask in (os.getlogin, getpass.getuser):
        try:
            return ask()
        except (OSError, KeyError):  # no login, as under systemd; a user without a name, as in a container
            continue
    return ""


def _safe(name: str) -> str:
    """Printable, without white space, not too long."""
    return "".join("?" if sign.isspace() or not sign.isprintable() else sign for sign in name.strip())[:LONGEST]
