"""Flask-Limiter's storage: windows of `payments.platform.redis.windows`, under the platform's own keys.

Flask-Limiter's Redis storage accepts any value at a key, also one without expiry, and shares keys between platforms.
"""

import time
from collections.abc import Callable
from typing import Any, Final

from limits.storage import Storage
from redis import Redis
from redis.exceptions import RedisError

from payments.platform.identity import Platform
from payments.platform.redis import windows as redis_windows

SCHEME: Final = "payops"
_MINUTE_MS: Final = 60_000
"""The limit of reads is one a minute."""


class WindowStorage(Storage):
    """Flask-Limiter finds it by the scheme; its methods raise RedisError and OSError."""

    STORAGE_SCHEME: Final = [SCHEME]  # type: ignore[misc]

    def __init__(self, uri: str | None = None, *, wrap_exceptions: bool = False, **options: Any) -> None:
        """`client`: of Redis; `platform`: returns the platform, which is known when a request is counted."""
        super().__init__(uri, wrap_exceptions, **options)
        self._client: Redis = options["client"]
        self._platform: Callable[[], Platform | None] = options["platform"]

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """The exceptions of the methods."""
        return RedisError, OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:  # noqa: ARG002  (every limit costs one)
        """Count one; returns the count."""
        return redis_windows.count(self._client, self._key(key), 1000 * expiry)[0]

    def get(self, key: str) -> int:
        """The count."""
        return redis_windows.read(self._client, self._key(key), _MINUTE_MS)[0]

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since the epoch."""
        return time.time() + redis_windows.read(self._client, self._key(key), _MINUTE_MS)[1] / 1000

    def check(self) -> bool:
        """Whether Redis answers."""
        return bool(self._client.ping())

    def reset(self) -> int | None:
        """Not supported."""
        raise NotImplementedError

    def clear(self, key: str) -> None:
        """Delete a window."""
        self._client.delete(self._key(key))

    def _key(self, key: str) -> str:
        platform = self._platform()
        return f"payops:{platform.id if platform else ''}:{key}"
