"""Admission of a money request, one Redis script: find its stored answer, else count it against its limits.

Redis decides nothing for good: when it is empty, down, frozen or holds other data, every request passes and the
database decides. Keys carry the platform's id, so two platforms on one Redis do not see each other.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

import orjson
from redis import Redis
from redis.exceptions import NoScriptError, RedisError

from payments.payment.admission_script import SCRIPT, SHA, Reply, read
from payments.payment.answers import StoredAnswer
from payments.payment.commands import COUNTED_AS, Key
from payments.payment.sealed_answers import seal, unseal
from payments.platform.identity import Platform
from payments.platform.redis import windows as redis_windows
from payments.platform.redis.client import Outage
from payments.platform.redis.windows import Window, window

ADDRESS: Final = "address"
"""The limit of a client's address, over all operations."""


class Attempt(NamedTuple):
    """One request: its key, and the client's address."""

    key: Key
    address: str


class Refusal(Enum):
    """The limit that is used up."""

    MERCHANT = 1
    ADDRESS = 2


class AdmissionResult(NamedTuple):
    """`answer`: the stored answer of this key. `unseen`: Redis has none, so the key is most likely new.

    `window`: the merchant's, or the address's when that one refuses; None when unlimited or when Redis did not answer.
    """

    answer: StoredAnswer | None = None
    refusal: Refusal | None = None
    window: Window | None = None
    failed_open: bool = False
    unseen: bool = False

    @property
    def allowed(self) -> bool:
        """Whether the request may go on."""
        return self.refusal is None


class Admission:
    """Stored answers and rate limits in Redis. Never raises; results come in the order of the requests."""

    def __init__(
        self,
        client: Redis,
        outage: Outage,
        platform: Callable[[], Platform | None],
        limits: Mapping[str, tuple[int, int]],
        answer_ttl: int,
    ) -> None:
        """`limits`: (capacity, window in seconds) of authorize, capture, refund and, perhaps, address.

        `platform` returns None while it is not known; Redis is skipped until then. `answer_ttl` in seconds.
        """
        self._client = client
        self._outage = outage
        self._platform = platform
        self._limits = {name: (capacity, 1000 * seconds) for name, (capacity, seconds) in limits.items()}
        self._limits.setdefault(ADDRESS, (0, 1000))
        self._answer_ttl = answer_ttl
        self._unsent: dict[Key, StoredAnswer] = {}
        self._uncounted: list[tuple[Key, float]] = []
        self.sent = 0
        """How often what waited was taken along to Redis."""

    def admit(self, entries: Sequence[Attempt]) -> list[AdmissionResult]:
        """Decide on all requests in one round trip; counts each of them unless it has a stored answer."""
        platform = self._platform()
        results = None if platform is None else self._outage.ask(lambda: self._results(platform, entries))
        return [self._open(entry.key) for entry in entries] if results is None else results

    def _results(self, platform: Platform, entries: Sequence[Attempt]) -> list[AdmissionResult]:
        now = time.time()
        replies = self._evaluate(platform, entries)
        results = [self._result(platform, *pair, now) for pair in zip(entries, replies, strict=True)]
        forged = [at for at, reply in enumerate(replies) if reply.stored is not None and results[at].answer is None]
        if forged:  # a value with a wrong seal is deleted, and its request is counted like any other
            self._client.delete(*(_answer_key(platform, entries[at].key) for at in forged))
            again = self._evaluate(platform, [entries[at] for at in forged])
            for at, reply in zip(forged, again, strict=True):
                results[at] = self._result(platform, entries[at], reply._replace(stored=None), now)
        return results

    def _evaluate(self, platform: Platform, entries: Sequence[Attempt]) -> list[Reply]:
        return read(self._run(self._arguments(platform, entries)))

    def _run(self, arguments: Sequence[bytes | str]) -> Any:
        try:
            return self._client.evalsha(SHA, 0, *arguments)
        except NoScriptError:  # Redis was restarted: EVAL loads the script again
            return self._client.eval(SCRIPT, 0, *arguments)

    def _arguments(self, platform: Platform, entries: Sequence[Attempt]) -> list[bytes | str]:
        """Attempts, and what still waits to be sent, which is forgotten here: counts, then pairs of key and answer."""
        answers, self._unsent = self._unsent, {}
        uncounted, self._uncounted = self._uncounted, []
        self.sent += 1
        now = time.time()
        asked = {
            "answer_ttl": self._answer_ttl,
            "address_limit": self._limits[ADDRESS],
            "uncounted": [self._window(platform, key) for key, ends_at in uncounted if now < ends_at],
            "attempts": [self._attempt(platform, entry) for entry in entries],
        }
        arguments: list[bytes | str] = [orjson.dumps(asked)]
        for key, answer in answers.items():
            name = _answer_key(platform, key)
            arguments += name, seal(platform.secret, name, answer)
        return arguments

    def _attempt(self, platform: Platform, entry: Attempt) -> tuple[str | int, ...]:
        address_key = _window_key(platform, ADDRESS, entry.address)
        return (_answer_key(platform, entry.key), *self._window(platform, entry.key), address_key)

    def _window(self, platform: Platform, key: Key) -> tuple[str, int, int]:
        """Key, length (ms) and capacity of the merchant's window."""
        name = COUNTED_AS[key.operation]
        capacity, length = self._limits[name]
        return _window_key(platform, name, key.merchant_id), length, capacity

    def _result(self, platform: Platform, entry: Attempt, reply: Reply, now: float) -> AdmissionResult:
        stored, refused, used, left = reply
        refusal = Refusal(refused) if refused else None
        name = ADDRESS if refusal is Refusal.ADDRESS else COUNTED_AS[entry.key.operation]
        capacity = self._limits[name][0]
        answer = None if stored is None else unseal(platform.secret, _answer_key(platform, entry.key), stored)
        shown = window(capacity, used, left, now) if capacity > 0 else None
        return AdmissionResult(answer, refusal, shown, unseen=stored is None)

    def _open(self, key: Key) -> AdmissionResult:
        limited = self._limits[COUNTED_AS[key.operation]][0] > 0 or self._limits[ADDRESS][0] > 0
        return AdmissionResult(failed_open=limited)

    def give_back(self, key: Key, counted: Window) -> None:
        """Take a request's count back from its merchant's window `counted`, with the next round trip or with `flush`.

        Does no I/O. A window that has ended is ignored.
        """
        self._uncounted.append((key, counted.ends_at))

    def remember(self, answers: Mapping[Key, StoredAnswer]) -> None:
        """Store committed answers with the next round trip or with `flush`. Does no I/O.

        An answer that does not reach Redis is still in the database.
        """
        self._unsent.update(answers)

    def flush(self) -> None:
        """Send the answers and counts that still wait."""
        if (self._unsent or self._uncounted) and (platform := self._platform()) is not None:
            arguments = self._arguments(platform, ())
            self._outage.ask(lambda: self._run(arguments))

    def windows(self, merchant_id: str) -> dict[str, Window]:
        """The merchant's windows by operation, read without counting; empty when Redis does not answer."""
        platform = self._platform()
        limited = [name for name, (capacity, _) in self._limits.items() if capacity > 0 and name != ADDRESS]
        if platform is None or not limited:
            return {}
        pipeline = self._client.pipeline(transaction=False)
        for name in limited:
            pipeline.eval(redis_windows.READ, 1, _window_key(platform, name, merchant_id), self._limits[name][1])
        replies = self._outage.ask(pipeline.execute) or ()
        now = time.time()
        return {
            name: window(self._limits[name][0], used, left, now)
            for name, (used, left) in zip(limited, replies, strict=False)
        }

    def ping(self) -> bool:
        """Whether Redis answers now."""
        try:
            return bool(self._client.ping())
        except (RedisError, OSError):
            return False


def _answer_key(platform: Platform, key: Key) -> str:
    # the length keeps ("a", "b:c") and ("a:b", "c") apart, whatever they contain
    merchant_id = key.merchant_id
    return f"payops:{platform.id}:answer:{key.operation}:{len(merchant_id)}:{merchant_id}:{key.idempotency_key}"


def _window_key(platform: Platform, name: str, whose: str) -> str:
    return f"payops:{platform.id}:window:{name}:{whose}"
