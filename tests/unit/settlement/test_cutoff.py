"""When a merchant's day ends: by hand where clocks change, and by laws in every time zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.settlement.cutoff import cutoff, last_cutoff

DAY, INSTANT = timedelta(days=1), timedelta(microseconds=1)
ZONES = st.sampled_from(sorted(available_timezones()))
DAYS = st.dates(date(2012, 1, 1), date(2037, 12, 30))
"""The last date that was left out anywhere is of 2011."""


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        ("2030-05-17", "UTC", "2030-05-18T00:00"),
        ("2030-05-17", "Asia/Seoul", "2030-05-17T15:00"),
        ("2030-05-17", "Pacific/Kiritimati", "2030-05-17T10:00"),
        ("2026-03-07", "America/New_York", "2026-03-08T05:00"),
        ("2026-03-08", "America/New_York", "2026-03-09T04:00"),
        ("2026-11-01", "America/New_York", "2026-11-02T05:00"),
        ("2030-05-17", "Asia/Kathmandu", "2030-05-17T18:15"),
        ("2024-04-25", "Africa/Cairo", "2024-04-25T22:00"),  # clocks go from 24:00 to 01:00
        ("2024-11-02", "America/Havana", "2024-11-03T04:00"),  # and from 01:00 back to 00:00
        ("2011-12-29", "Pacific/Apia", "2011-12-30T10:00"),
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00"),  # a date that was left out has no time
    ],
)
def test_a_cut_off_by_hand(day: str, zone: str, expected: str) -> None:
    assert cutoff(date.fromisoformat(day), zone) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2026-03-08", "America/New_York", 23),
        ("2026-11-01", "America/New_York", 25),
        ("2026-03-29", "Europe/Berlin", 23),
        ("2026-10-25", "Europe/Berlin", 25),
        ("2024-04-26", "Africa/Cairo", 23),
        ("2024-11-03", "America/Havana", 25),
        ("2026-04-05", "Australia/Lord_Howe", 24.5),
        ("2026-03-29", "Asia/Seoul", 24),
    ],
)
def test_the_hours_of_a_day(day: str, zone: str, hours: float) -> None:
    of = date.fromisoformat(day)
    assert cutoff(of, zone) - cutoff(of - DAY, zone) == timedelta(hours=hours)


@given(DAYS, ZONES)
def test_what_is_before_it_is_of_the_day(day: date, zone: str) -> None:
    end = cutoff(day, zone)
    assert end.utcoffset() == timedelta(0)
    local = ZoneInfo(zone)
    assert (end - INSTANT).astimezone(local).date() == day
    assert end.astimezone(local).date() == day + DAY


@pytest.mark.parametrize("zone", ["", "Asia/Nowhere", "../etc/passwd", "/etc/passwd", "Asia", "a\0b"])
def test_a_time_zone_that_there_is_not(zone: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        cutoff(date(2030, 5, 17), zone)


@given(st.datetimes(datetime(2012, 1, 3), datetime(2037, 12, 28), timezones=st.just(UTC)), ZONES)  # noqa: DTZ001
def test_the_last_cut_off_is_the_newest_that_has_passed(until: datetime, zone: str) -> None:
    found = last_cutoff(until, zone)
    ends = {cutoff(until.date() + back * DAY, zone) for back in range(-3, 3)}
    assert found == max(end for end in ends if end <= until)


@pytest.mark.parametrize(
    ("until", "zone", "expected"),
    [
        ("2030-05-18T00:00", "UTC", "2030-05-18T00:00"),  # that very moment
        ("2030-05-17T23:59", "UTC", "2030-05-17T00:00"),
        ("2030-05-17T15:00", "Asia/Seoul", "2030-05-17T15:00"),
        ("2030-05-17T14:59", "Asia/Seoul", "2030-05-16T15:00"),
        ("2024-11-03T04:30", "America/Havana", "2024-11-03T04:00"),  # between the first midnight and the second
        ("2024-04-25T22:00", "Africa/Cairo", "2024-04-25T22:00"),
    ],
)
def test_a_last_cut_off_by_hand(until: str, zone: str, expected: str) -> None:
    at = datetime.fromisoformat(until).replace(tzinfo=UTC)
    assert last_cutoff(at, zone) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_no_cut_off_in_an_unknown_zone() -> None:
    with pytest.raises(ValueError, match="no time zone 'Mars/Base'"):
        last_cutoff(datetime(2030, 5, 17, tzinfo=UTC), "Mars/Base")
