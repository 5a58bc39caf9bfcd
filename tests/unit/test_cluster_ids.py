"""Ids of Kafka clusters that a stack makes."""

import uuid
from uuid import UUID

import pytest

from stack import kafka

DASHED = UUID(bytes=b"\xf8" + bytes(15))
PLAIN = UUID(bytes=bytes(16))


def test_no_cluster_id_looks_like_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([DASHED, DASHED, PLAIN])
    monkeypatch.setattr(uuid, "uuid4", lambda: next(drawn))
    assert kafka.new_cluster_id() == "A" * 22
