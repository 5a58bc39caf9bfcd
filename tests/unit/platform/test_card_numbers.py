"""Card numbers are found in every usual form, and similar numbers are not."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.platform.values.card_numbers import MASK, contains, mask

# Test numbers that the schemes publish; no real card has them.
KNOWN = [
    "4111111111111111", "4222222222222", "5555555555554444", "2223003122003222", "378282246310005", "30569309025904",
    "6011111111111117", "3530111333300000", "6200000000000005", "6759649826438453",
]  # fmt: skip


def grouped(number: str, separator: str) -> str:
    if len(number) == 16:
        return separator.join(number[start : start + 4] for start in range(0, 16, 4))
    return separator.join((number[:4], number[4:10], number[10:]))


@pytest.mark.parametrize("number", KNOWN)
@pytest.mark.parametrize("around", ["{}", "card {}.", "order-{}", '{{"reason":"{}"}}', "({})\n", "카드{}번"])
def test_a_card_number_is_masked_wherever_it_stands(number: str, around: str) -> None:
    assert mask(around.format(number)) == around.format(MASK)


@pytest.mark.parametrize("number", [each for each in KNOWN if len(each) in (14, 15, 16)])
@pytest.mark.parametrize("separator", [" ", "-", ".", "_"])
def test_groups_as_on_the_card_are_seen(number: str, separator: str) -> None:
    assert mask(f"pay with {grouped(number, separator)}!") == f"pay with {MASK}!"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4111111111111112",  # Luhn's digit is wrong
        "1700000000000008",  # no issuer's prefix; Luhn's digit is right
        "41111111111111111111",  # longer than any card's
        "x4111111111111111",  # within a word
        "4111111111111111f",
        "1-4111-1111-1111-1111",  # within a longer number
        "4111 1111 1111 1111 1",
        "4111-1111 1111-1111",  # no card is written like this
        "2026-11-24T22:23:06.318336Z",
        "41111111-1111-4111-8111-411111111111",
    ],
)
def test_what_only_looks_like_one_is_left(text: str) -> None:
    assert mask(text) == text


@given(st.uuids(version=4))
def test_a_uuid_is_never_taken_for_one(key: uuid.UUID) -> None:
    assert not contains(str(key))


@given(st.text(), st.sampled_from(KNOWN), st.text())
def test_nothing_is_left_after_masking(before: str, number: str, after: str) -> None:
    assert not contains(mask(f"{before} {number} {after}"))
