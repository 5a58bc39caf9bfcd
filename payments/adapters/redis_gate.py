"""What Redis does for a money request, in one script: find its stored answer, else count it against its limit.

Redis is never the truth: when it is empty, down or frozen every request passes, and the database decides.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Any, Final, TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.exceptions import NoScriptError, RedisError
from redis.retry import Retry

from payments.adapters.clock import Clock
from payments.adapters.idempotency_store import StoredAnswer
from payments.domain.commands import Key

_T = TypeVar("_T")
TIMEOUT: Final = 0.05
"""Seconds for a connect, and for a reply: a frozen Redis must not be felt."""
LATE: Final = 4 * TIMEOUT
"""Seconds; a connect, a greeting and a reply that each time out take less."""
LEFT_OUT: Final = 1.0
"""Seconds without an attempt after an error."""
COUNTED_AS: Final = {"authorize": "authorize", "capture": "capture", "refund": "refund", "void": "capture"}
"""Whose limit an operation uses up."""

SCRIPT: Final = """
local answer = redis.call('GET', KEYS[1])
local capacity = tonumber(ARGV[1])
if capacity <= 0 then return {answer, 1, 0, 0} end
local used = tonumber(redis.call('GET', KEYS[2]) or '0')
local left = redis.call('PTTL', KEYS[2])
if answer then return {answer, 1, used, math.max(left, 0)} end
if left >= 0 and used >= capacity then return {false, 0, used, left} end
used = redis.call('INCR', KEYS[2])
if left < 0 then
  left = tonumber(ARGV[2])
  redis.call('PEXPIRE', KEYS[2], left)
end
return {false, 1, used, left}
"""
_SHA: Final = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Window:
    """A merchant's fixed window: requests in all and left, and when it ends (seconds since the epoch)."""

    limit: int
    remaining: int
    ends_at: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """`answer`: what was said to this key before. `window` is None when unlimited, or when Redis did not answer."""

    answer: StoredAnswer | None = None
    allowed: bool = True
    window: Window | None = None
    failed_open: bool = False


class Outage:
    """Knows whether Redis fails; then one attempt a second is made, and nobody else waits for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failing = False
        self._out_until = 0.0

    def ask(self, call: Callable[[], _T]) -> _T | None:
        """What `call` gets from Redis, or None when Redis fails or is left out.

        Asks once more when a timeout came late: then it was this process that had no time, and not Redis. What was
        counted is counted twice then, which is the safe side.
        """
        if not self._may_try():
            return None
        for last in (False, True):
            began = self._clock()
            try:
                found = call()
            except (RedisError, OSError):
                if last or self._clock() - began < LATE:
                    break
            else:
                self._failing = False
                return found
        self._failing = True
        self._out_until = self._clock() + LEFT_OUT
        return None

    def _may_try(self) -> bool:
        if not self._failing:
            return True
        now = self._clock()
        if now < self._out_until:
            return False
        self._out_until = now + LEFT_OUT
        return True


def connect(url: str) -> Redis:
    """A lazy client of `url` with short timeouts that never tries twice."""
    return Redis.from_url(url, **client_options())


def client_options() -> dict[str, Any]:
    """Keyword arguments for `Redis.from_url`, also for those who make their own client."""
    return {
        "socket_timeout": TIMEOUT,
        "socket_connect_timeout": TIMEOUT,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }


class RedisGate:
    """Stored answers and rate limits; answers in the order of what it is asked, and never raises."""

    def __init__(self, client: Redis, outage: Outage, limits: Mapping[str, tuple[int, int]], answer_ttl: int) -> None:
        """`limits`: (capacity, window in seconds) of authorize, capture, refund; `answer_ttl` in seconds."""
        self._client = client
        self._outage = outage
        self._limits = {name: (capacity, 1000 * seconds) for name, (capacity, seconds) in limits.items()}
        self._answer_ttl = answer_ttl
        self._unsent: dict[Key, StoredAnswer] = {}

    def enter(self, keys: Sequence[Key]) -> list[Verdict]:
        """Decide on requests, all in one round trip; each of them is counted unless its answer is known."""
        replies = self._outage.ask(lambda: self._evaluate(keys))
        if replies is None:
            return [self._open(key) for key in keys]
        now = time.time()
        return [self._verdict(key, reply, now) for key, reply in zip(keys, replies, strict=True)]

    def _evaluate(self, keys: Sequence[Key]) -> list[Any]:
        calls = [(_answer_key(key), _window_key(key.merchant_id, op), *self._limits[op]) for key, op in _counted(keys)]
        pipeline = self._client.pipeline(transaction=False)
        sent = self._add_unsent(pipeline)
        for call in calls:
            pipeline.evalsha(_SHA, 2, *call)
        replies = pipeline.execute(raise_on_error=False)[sent:]
        unknown = [index for index, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:  # Redis was restarted: EVAL teaches it the script again
            for index in unknown:
                pipeline.eval(SCRIPT, 2, *calls[index])
            for index, reply in zip(unknown, pipeline.execute(raise_on_error=False), strict=True):
                replies[index] = reply
        for reply in replies:
            if isinstance(reply, RedisError):
                raise reply
        return replies

    def _verdict(self, key: Key, reply: Any, now: float) -> Verdict:
        answer, allowed, used, left = reply
        capacity = self._limits[COUNTED_AS[key.operation]][0]
        window = _window(capacity, used, left, now) if capacity > 0 else None
        return Verdict(None if answer is None else _decode(answer), bool(allowed), window)

    def _open(self, key: Key) -> Verdict:
        return Verdict(failed_open=self._limits[COUNTED_AS[key.operation]][0] > 0)

    def remember(self, answers: Mapping[Key, StoredAnswer]) -> None:
        """Keep committed answers for a while; they go with the next round trip, or with `flush`. Does no I/O.

        Those that get lost on the way lose nothing: the rows are the truth.
        """
        self._unsent.update(answers)

    def flush(self) -> None:
        """Send what still waits to be remembered."""
        if self._unsent:
            pipeline = self._client.pipeline(transaction=False)
            self._add_unsent(pipeline)
            self._outage.ask(pipeline.execute)

    def _add_unsent(self, pipeline: Pipeline) -> int:
        answers, self._unsent = self._unsent, {}
        for key, answer in answers.items():
            pipeline.set(_answer_key(key), _encode(answer), ex=self._answer_ttl)
        return len(answers)

    def windows(self, merchant_id: str) -> dict[str, Window]:
        """The merchant's windows by operation, read without counting; empty when Redis does not answer."""
        limited = [name for name, (capacity, _) in self._limits.items() if capacity > 0]
        pipeline = self._client.pipeline(transaction=False)
        for name in limited:
            pipeline.get(_window_key(merchant_id, name))
            pipeline.pttl(_window_key(merchant_id, name))
        replies = self._outage.ask(pipeline.execute)
        if replies is None:
            return {}
        pairs = zip(limited, replies[::2], replies[1::2], strict=True)
        return {name: _window(self._limits[name][0], int(used or 0), left, time.time()) for name, used, left in pairs}

    def ping(self) -> bool:
        """Whether Redis answers now."""
        try:
            return bool(self._client.ping())
        except (RedisError, OSError):
            return False


def _counted(keys: Sequence[Key]) -> list[tuple[Key, str]]:
    return [(key, COUNTED_AS[key.operation]) for key in keys]


def _answer_key(key: Key) -> str:
    # the length keeps ("a", "b:c") and ("a:b", "c") apart, whatever text they hold
    return f"payops:answer:{key.operation}:{len(key.merchant_id)}:{key.merchant_id}:{key.idempotency_key}"


def _window_key(merchant_id: str, operation: str) -> str:
    return f"payops:window:{operation}:{merchant_id}"


def _window(capacity: int, used: int, left_ms: int, now: float) -> Window:
    return Window(capacity, max(capacity - used, 0), now + max(left_ms, 0) / 1000)


def _encode(answer: StoredAnswer) -> str:
    return f"{answer.digest}\n{answer.status}\n{answer.body}"


def _decode(value: bytes) -> StoredAnswer:
    digest, status, body = value.decode().split("\n", 2)
    return StoredAnswer(digest, int(status), body)
