"""What waits for Redis is sent by itself, when no request has taken it along."""

import gevent
import pytest

from app.commit import redis_flush


class Waiting:
    """An Admission that counts its flushes."""

    def __init__(self) -> None:
        self.sent = 0
        self.flushes = 0

    def flush(self) -> None:
        self.flushes += 1


@pytest.mark.parametrize(("sent_meanwhile", "flushes"), [(0, 1), (1, 0)])
def test_only_what_no_request_took_along_is_flushed(
    monkeypatch: pytest.MonkeyPatch, sent_meanwhile: int, flushes: int
) -> None:
    monkeypatch.setattr(redis_flush, "DELAY", 0.0)
    admission = Waiting()
    redis_flush.flush_soon(admission)  # type: ignore[arg-type]  # a part of it
    admission.sent += sent_meanwhile
    assert gevent.wait(timeout=10)
    assert admission.flushes == flushes
