"""Which files are asked for, and since when one is late."""

from datetime import UTC, date, datetime, timedelta

from payments.reconciliation.file_days import end_of, lacking, late_since, latest

TODAY = date(2030, 5, 20)
MIDNIGHT = datetime(2030, 5, 20, tzinfo=UTC)
LONG_AGO = date(2029, 1, 1)


def days(*numbers: int) -> list[date]:
    return [date(2030, 5, number) for number in numbers]


def test_yesterdays_file_is_asked_for_half_an_hour_after_midnight() -> None:
    there = days(13, 14, 15, 16, 17, 18)
    half_past = MIDNIGHT + timedelta(minutes=30)
    assert lacking(half_past - timedelta(microseconds=1), LONG_AGO, there) == []
    assert lacking(half_past, LONG_AGO, there) == days(19)
    assert lacking(half_past, LONG_AGO, [*there, *days(19)]) == []


def test_those_of_a_week_are_asked_for_oldest_first() -> None:
    assert lacking(MIDNIGHT + timedelta(hours=1), LONG_AGO, days(15)) == days(13, 14, 16, 17, 18, 19)


def test_no_file_is_expected_of_days_without_an_acquirer() -> None:
    noon = MIDNIGHT + timedelta(hours=12)
    assert lacking(noon, None, []) == []
    assert lacking(noon, TODAY, []) == []
    assert lacking(noon, date(2030, 5, 18), []) == days(18, 19)


def test_a_day_is_one_of_utc_whatever_the_zone_of_now() -> None:
    seoul = (MIDNIGHT + timedelta(hours=1)).astimezone(datetime.fromisoformat("2030-01-01T00:00+09:00").tzinfo)
    assert lacking(seoul, LONG_AGO, days(13, 14, 15, 16, 17, 18)) == days(19)


def test_a_file_is_late_since_the_end_of_the_newest_day() -> None:
    assert late_since(None, None) is None
    assert late_since(None, TODAY) is None, "its payments are gone, or were never ours"
    assert late_since(LONG_AGO, date(2030, 5, 19)) == MIDNIGHT == end_of(date(2030, 5, 19))
    assert late_since(TODAY, None) == MIDNIGHT, "none was ever read"
    assert late_since(TODAY, date(2030, 5, 1)) == MIDNIGHT


def test_a_file_may_be_a_year_ahead() -> None:
    """The simulator's clock goes on a day each time that a day is ended by hand."""
    assert latest(MIDNIGHT) == latest(MIDNIGHT + timedelta(hours=23)) == date(2031, 5, 21)
