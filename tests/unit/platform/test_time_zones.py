"""Names of time zones that a merchant may have."""

import pytest

from payments.platform.values.time_zones import UTC, zone_name


@pytest.mark.parametrize("name", [UTC, "Asia/Seoul", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Europe/Berlin"])
def test_a_zone_of_the_database(name: str) -> None:
    assert zone_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "Europe", "Europe/", "Europe/Atlantis", "europe/berlin", "+01:00", "CEST"),
        *("localtime", "posixrules", "posix/Europe/Berlin", "right/Europe/Berlin", "zone.tab", "tzdata.zi"),
        *("../etc/passwd", "/etc/localtime", "Europe/../Asia/Seoul", "Asia/Seoul\n", "Asia/Seoul\0", "A" * 65),
    ],
)
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(ValueError, match="time zone of the tz database"):
        zone_name(name)
