"""Limits by client address: for reads (Flask-Limiter), where Redis answers, and for wrong tokens and keys.

Money requests have their own limits (`payments.payment.admission`) and skip these.
"""

import time
from collections.abc import Callable
from math import ceil
from typing import Final

from flask import Flask, Request, g, request
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address
from redis import Redis

from app import messages
from app.http.errors import Problem
from app.http.hooks import remove_hook
from app.http.limit_storage import SCHEME
from payments.platform.identity import Platform
from payments.platform.redis.client import Outage
from payments.platform.redis.windows import count

WRONG_TOKENS: Final = 10
"""Wrong tokens a minute from one address."""
_MINUTE: Final = 60
_ADDRESS_LIMIT: Final = 10_000
"""Addresses in memory; beyond that the one seen longest ago is dropped."""


class ReadLimits:
    """Limits each client address to a number of requests a minute, over all endpoints that are not exempt."""

    def __init__(
        self,
        app: Flask,
        *,
        client: Redis,
        platform: Callable[[], Platform | None],
        outage: Outage,
        capacity: int,
        is_exempt: Callable[[Request], bool],
    ) -> None:
        """`capacity` requests a minute (≤ 0: off); `is_exempt`: whether a request is not counted."""
        self._outage = outage
        self._platform = platform
        self._is_exempt = is_exempt if capacity > 0 else lambda _request: True
        self._limiter = Limiter(
            get_remote_address,
            application_limits=[ApplicationLimit(f"{max(capacity, 1)} per minute")],
            storage_uri=f"{SCHEME}://",
            storage_options={"client": client, "platform": platform},  # type: ignore[dict-item]
            request_identifier=lambda: request.endpoint or "unmatched",
            key_prefix="reads",
        )
        self._limiter.init_app(app)
        # The limiter's hooks cost time on every request, so only its check is called. The other two are removed: they
        # set Retry-After on every answer, and end a context that ends with its request anyway.
        self._count = remove_hook(app.before_request_funcs[None], "Limiter._check_request_limit")
        remove_hook(app.after_request_funcs[None], "Limiter.__inject_headers")
        remove_hook(app.teardown_request_funcs[None], "Limiter.__release_context")

    def check(self, current: Request) -> None:
        """Count the current request. Raises Problem RATE_LIMIT_EXCEEDED."""
        if self._is_exempt(current) or self._platform() is None:
            return
        breached = self._outage.ask(self._breached)
        self._outage.ask(self._tell)
        if breached:
            ends_at = float(g.answer_headers.get("X-RateLimit-Reset", "0")) - 1  # flask-limiter rounds up by one
            raise Problem("RATE_LIMIT_EXCEEDED", messages.TOO_MANY_OF_ADDRESS, retry_header(ends_at))

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


class WrongTokens:
    """Counts wrong tokens and keys by client address: in Redis, or in this process while Redis does not answer.

    An address that has used up its own is refused here until its window ends: a flood costs Redis nothing.
    """

    def __init__(
        self, client: Redis, platform: Callable[[], Platform | None], outage: Outage, clock: Callable[[], float]
    ) -> None:
        """`clock`: seconds since the epoch."""
        self._client = client
        self._platform = platform
        self._outage = outage
        self._clock = clock
        self._own: dict[str, tuple[int, float]] = {}

    def count(self, address: str) -> None:
        """Count a wrong token of `address`. Raises Problem RATE_LIMIT_EXCEEDED after more than WRONG_TOKENS."""
        used, ends_at = self._spent(address) or self._in_redis(address) or self._in_memory(address)
        if used > WRONG_TOKENS:
            self._remember(address, used, ends_at)
            headers = {**rate_headers(WRONG_TOKENS, 0, ends_at), **retry_header(ends_at)}
            raise Problem("RATE_LIMIT_EXCEEDED", messages.TOO_MANY_TOKENS, headers)

    def are_used_up(self, address: str) -> bool:
        """Whether `count` refuses the address by what is in memory."""
        return self._spent(address) is not None

    @property
    def remembered(self) -> int:
        """How many addresses are in memory: counted for want of Redis, or refused until their windows end."""
        return len(self._own)

    def _spent(self, address: str) -> tuple[int, float] | None:
        now = self._clock()
        used, ends_at = self._own.get(address, (0, 0.0))
        return (used, ends_at) if used > WRONG_TOKENS and now < ends_at <= now + _MINUTE else None

    def _in_redis(self, address: str) -> tuple[int, float] | None:
        platform = self._platform()
        if platform is None:
            return None
        key = f"payops:{platform.id}:wrong-tokens:{address}"
        found = self._outage.ask(lambda: count(self._client, key, 1000 * _MINUTE))
        return None if found is None else (found[0], self._clock() + found[1] / 1000)

    def _in_memory(self, address: str) -> tuple[int, float]:
        now = self._clock()
        used, ends_at = self._own.get(address, (0, 0.0))
        if not now < ends_at <= now + _MINUTE:
            used, ends_at = 0, now + _MINUTE
        self._remember(address, used + 1, ends_at)
        return used + 1, ends_at

    def _remember(self, address: str, used: int, ends_at: float) -> None:
        self._own.pop(address, None)  # so that the one seen longest ago stays first
        self._own[address] = used, ends_at
        if len(self._own) > _ADDRESS_LIMIT:
            del self._own[next(iter(self._own))]


def rate_headers(limit: int, remaining: int, ends_at: float) -> dict[str, str]:
    """The X-RateLimit headers; `ends_at` in seconds since the epoch."""
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(ceil(ends_at)),
    }


def retry_header(ends_at: float) -> dict[str, str]:
    """Retry-After for a window that ends at `ends_at` (seconds since the epoch)."""
    return {"Retry-After": str(max(ceil(ends_at - time.time()), 1))}
