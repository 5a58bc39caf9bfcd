"""An outage of Redis is logged when it begins, with its reason, and when the reason changes."""

import ssl

import pytest

from payments.platform.redis.client import LEFT_OUT, Outage

BROKEN = ssl.SSLCertVerificationError("certificate verify failed")


class Redis:
    """Answers or fails."""

    def __init__(self) -> None:
        self.failure: Exception | None = BROKEN

    def __call__(self) -> str:
        if self.failure:
            raise self.failure
        return "answer"


def test_each_outage_and_reason_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    now, redis = [0.0], Redis()
    outage = Outage(lambda: now[0])

    def ask_for(seconds: int) -> None:
        for _ in range(seconds):
            outage.ask(redis)
            now[0] += LEFT_OUT

    ask_for(3)
    redis.failure = None
    ask_for(1)
    assert [(record.message, record.__dict__["error"]) for record in caplog.records] == [
        ("redis_left_out", "('certificate verify failed',)")
    ]
    redis.failure = BROKEN
    ask_for(3)
    redis.failure = ConnectionRefusedError("nobody listens")
    ask_for(3)
    assert [record.__dict__["error"] for record in caplog.records[1:]] == [str(BROKEN), "nobody listens"]
