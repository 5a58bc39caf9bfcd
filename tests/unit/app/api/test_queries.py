"""Times in query strings: RFC 3339, as UTC."""

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.api import queries
from payments.platform.errors import ValidationFailed

FLASK = Flask("queries")
OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def moment(text: str) -> datetime | None:
    with FLASK.test_request_context(f"/?from={quote(text)}"):
        return queries.moment("from")


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=OFFSETS))  # noqa: DTZ001
def test_every_time_is_read_in_every_zone(at: datetime) -> None:
    assert moment(at.isoformat()) == at
    assert moment(at.isoformat(timespec="microseconds")) == at


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2025-10-27T06:16:28Z", datetime(2025, 10, 27, 6, 16, 28, tzinfo=UTC)),
        ("2025-10-27t06:16:28z", datetime(2025, 10, 27, 6, 16, 28, tzinfo=UTC)),
        ("2025-10-27T06:16:28.1Z", datetime(2025, 10, 27, 6, 16, 28, 100_000, UTC)),
        ("2025-10-27T06:16:28.1234560000Z", datetime(2025, 10, 27, 6, 16, 28, 123_456, UTC)),
        ("2025-10-27T06:16:28.1234560001Z", datetime(2025, 10, 27, 6, 16, 28, 123_457, UTC)),
        ("2025-10-27T06:16:28.9999999Z", datetime(2025, 10, 27, 6, 16, 29, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("0000-01-01T00:00:00Z", EARLIEST),
        ("0001-01-01T00:00:00+23:59", EARLIEST),
        ("9999-12-31T23:59:59.9999999Z", LATEST),
        ("9999-12-31T23:59:59-23:59", LATEST),
    ],
)
def test_times_at_the_edge(text: str, at: datetime) -> None:
    assert moment(text) == at


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "2025-10-27", "2025-10-27T06:16Z", "2025-10-27T06:16:28", "2025-10-27 06:16:28Z", "20251027T061628Z",
        "2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-10-27T24:00:00Z", "2025-10-27T06:60:00Z",
        "2025-10-27T06:16:61Z", "2025-10-27T06:16:28+24:00", "2025-10-27T06:16:28+09:60", "2025-10-27T06:16:28.Z",
        "٢٠٢٥-10-27T06:16:28Z", "2025-10-27T06:16:28Z\n", "1761545788",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        moment(text)
    assert [field for field, _ in caught.value.errors] == ["from"]
