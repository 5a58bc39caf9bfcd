"""IBANs: what people write, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.platform.iban import LONGEST, normalized

RIGHT = "DE89370400440532013000"


@pytest.mark.parametrize(
    ("written", "iban"),
    [
        (RIGHT, RIGHT),
        ("DE89 3704 0044 0532 0130 00", RIGHT),
        ("gb82 west 1234 5698 7654 32", "GB82WEST12345698765432"),
        ("NO9386011117947", "NO9386011117947"),
        ("MT84MALT011000012345MTLCAST001S", "MT84MALT011000012345MTLCAST001S"),
    ],
)
def test_an_iban_is_kept_without_spaces(written: str, iban: str) -> None:
    assert normalized(written) == iban


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "DE", "DE89", "89DE370400440532013000", "DE89-3704-0044-0532-0130-00"),
        "DE8937040044053201300٠",  # a digit, and none of an IBAN
        f"DE89{'0' * LONGEST}",
        "DE89\t370400440532013000",
    ],
)
def test_what_is_no_iban(text: str) -> None:
    with pytest.raises(ValueError, match="must be an IBAN$"):
        normalized(text)


@given(st.integers(4, len(RIGHT) - 1), st.sampled_from("0123456789"))
def test_a_wrong_digit_is_found(place: int, digit: str) -> None:
    changed = RIGHT[:place] + digit + RIGHT[place + 1 :]
    if changed == RIGHT:
        return
    with pytest.raises(ValueError, match="check digits"):
        normalized(changed)


@given(st.integers(4, len(RIGHT) - 2))
def test_two_digits_that_changed_places_are_found(place: int) -> None:
    changed = RIGHT[:place] + RIGHT[place + 1] + RIGHT[place] + RIGHT[place + 2 :]
    if changed == RIGHT:
        return
    with pytest.raises(ValueError, match="check digits"):
        normalized(changed)
