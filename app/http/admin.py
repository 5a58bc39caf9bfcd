"""The admin token, for the ledger and operators' actions. The right one is always accepted; wrong ones are limited."""

import hmac
from typing import Final

from flask import request
from flask_limiter.util import get_remote_address

from app import messages
from app.http.errors import Problem
from app.http.limits import WrongTokens

CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


class AdminGuard:
    """Accepts requests with the admin token; without a configured token, none."""

    def __init__(self, token: str | None, wrong: WrongTokens) -> None:
        self._token = None if token is None else token.encode()
        self._wrong = wrong

    def holds(self) -> bool:
        """Whether the current request carries the token. Never raises."""
        scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
        if self._token is None or scheme.lower() != "bearer":
            return False
        # Bytes, because compare_digest refuses non-ASCII text; WSGI decodes them as latin-1. Strips only spaces and
        # tabs: other white space of latin-1 may be a byte of a UTF-8 token.
        return hmac.compare_digest(sent.strip(" \t").encode("latin-1", "replace"), self._token)

    def check(self) -> None:
        """Raise Problem UNAUTHORIZED, or RATE_LIMIT_EXCEEDED for an address that guessed wrong too often.

        Wrong tokens from the same address do not lock out a client with the right one.
        """
        if not self.holds():
            self._wrong.count(get_remote_address())
            raise Problem("UNAUTHORIZED", messages.NO_TOKEN, CHALLENGE)
