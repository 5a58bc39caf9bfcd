"""The admin token: who may see the ledger and move the breaker. Wrong tokens are limited by client address."""

import hmac
from typing import Final

from flask import request

from app.errors import Problem
from app.limits import ReadLimits

CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


class AdminGuard:
    """Lets a request pass that carries the token; without a token to compare with, none."""

    def __init__(self, token: str | None, limits: ReadLimits) -> None:
        self._token = None if token is None else token.encode()
        self._limits = limits

    def check(self) -> None:
        """Raise Problem UNAUTHORIZED, or RATE_LIMIT_EXCEEDED for an address that guessed too often."""
        self._limits.check_tokens()
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        # WSGI hands headers over as latin-1; bytes, because compare_digest refuses other text
        same = self._token is not None and hmac.compare_digest(given.strip().encode("latin-1"), self._token)
        if not same or scheme.lower() != "bearer":
            self._limits.count_wrong_token()
            raise Problem("UNAUTHORIZED", "Send the admin token as Authorization: Bearer <token>.", CHALLENGE)
