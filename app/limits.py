"""Flask-Limiter over everything but money and probes, by client address; without Redis nothing is limited.

Money has its own limits (`payments.adapters.redis_gate`) and must not pay for these.
"""

import time
from collections.abc import Callable
from math import ceil
from typing import Final

from flask import Flask, g, request
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address
from limits import RateLimitItemPerMinute

from app.errors import Problem
from payments.adapters.redis_gate import Outage, client_options

FAILED_TOKENS: Final = RateLimitItemPerMinute(10)
_SCOPE: Final = "payops:failed-admin-token"


class ReadLimits:
    """Limits each client address to a number of requests a minute, and wrong admin tokens to ten."""

    def __init__(
        self, app: Flask, *, redis_url: str, outage: Outage, capacity: int, is_exempt: Callable[[str | None], bool]
    ) -> None:
        """`capacity` requests a minute (≤ 0: off), counted over all endpoints that are not exempt."""
        self._outage = outage
        self._is_exempt = is_exempt if capacity > 0 else lambda _endpoint: True
        self._limiter = Limiter(
            get_remote_address,
            application_limits=[ApplicationLimit(f"{max(capacity, 1)} per minute")],
            storage_uri=redis_url,
            storage_options=client_options(),
            request_identifier=lambda: request.endpoint or "unmatched",
            key_prefix="payops:reads",
        )
        self._limiter.init_app(app)
        # The limiter's hooks cost even where nothing is limited, so the one that counts is called from ours. The other
        # two would put Retry-After on every answer, and end a context that ends with its request anyway.
        self._count = app.before_request_funcs[None].pop()
        app.after_request_funcs[None].pop()
        app.teardown_request_funcs[None].pop()
        app.before_request(self._check)

    def _check(self) -> None:
        if self._is_exempt(request.endpoint):
            return
        breached = self._outage.ask(self._breached)
        self._outage.ask(self._tell)
        if breached:
            ends_at = float(g.answer_headers.get("X-RateLimit-Reset", "0")) - 1  # flask-limiter rounds up by one
            message = "Too many requests from this address; wait."
            raise Problem("RATE_LIMIT_EXCEEDED", message, retry_header(ends_at))

    def _breached(self) -> bool:
        try:
            self._count()
        except RateLimitExceeded:
            return True
        return False

    def _tell(self) -> None:
        window = self._limiter.current_limit
        if window is not None:
            g.answer_headers.update(rate_headers(window.limit.amount, max(window.remaining, 0), window.reset_at))

    def check_tokens(self) -> None:
        """Raise Problem RATE_LIMIT_EXCEEDED when the client's address has used up its wrong admin tokens."""
        strategy = self._limiter.limiter
        left = self._outage.ask(lambda: strategy.get_window_stats(FAILED_TOKENS, _SCOPE, get_remote_address()))
        if left is not None and left.remaining <= 0:
            headers = {**rate_headers(FAILED_TOKENS.amount, 0, left.reset_time), **retry_header(left.reset_time)}
            raise Problem("RATE_LIMIT_EXCEEDED", "Too many wrong admin tokens.", headers)

    def count_wrong_token(self) -> None:
        """One more wrong admin token from this address."""
        self._outage.ask(lambda: self._limiter.limiter.hit(FAILED_TOKENS, _SCOPE, get_remote_address()))


def rate_headers(limit: int, remaining: int, ends_at: float) -> dict[str, str]:
    """The headers that tell a client where it stands; `ends_at` in seconds since the epoch."""
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(ceil(ends_at)),
    }


def retry_header(ends_at: float) -> dict[str, str]:
    """Retry-After for a window that ends at `ends_at` (seconds since the epoch)."""
    return {"Retry-After": str(max(ceil(ends_at - time.time()), 1))}
