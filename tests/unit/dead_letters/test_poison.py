"""The rule of a flood in the last 100 messages, and poison that an operator accepts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.dead_letters.poison import MINIMUM_COUNT, UNTIL_QUIET, WINDOW, PoisonFlood, Window, check

GOOD, BAD = None, "payment.captured 0/1 (InvalidJson: no)"


def marks(text: str) -> list[str | None]:
    """`g` is a good message, `p` poison."""
    return [BAD if sign == "p" else GOOD for sign in text]


def floods(text: str, before: str = "", accepted_left: int = 0) -> bool:
    window = check(Window(), marks(before), 0).window
    try:
        check(window, marks(text), accepted_left)
    except PoisonFlood:
        return True
    return False


@pytest.mark.parametrize(
    ("text", "flood"),
    [
        ("", False),
        ("p" * 49, False),
        ("p" * 50, True),
        ("p" * 26 + "g" * 23, False),
        ("p" * 26 + "g" * 24, True),
        ("p" * 25 + "g" * 25, False),
        ("gp" * 50, False),
        ("gp" * 50 + "p", True),  # it replaces a good one
        ("g" * 100 + "p" * 50, False),
        ("g" * 100 + "p" * 51, True),
        ("g" * 1000 + "p" * 51, True),
        ("g" * 40 + "p" * 40 + "g" * 60 + "p" * 40, False),
    ],
)
def test_more_than_half_of_the_last_hundred_and_fifty_seen(text: str, flood: bool) -> None:
    assert floods(text) is flood


@given(st.text(alphabet="gp", max_size=300), st.integers(min_value=0, max_value=300))
def test_it_does_not_matter_where_a_batch_ends(text: str, cut: int) -> None:
    expected = any(
        end >= MINIMUM_COUNT and 2 * (recent := text[max(0, end - WINDOW) : end]).count("p") > len(recent)
        for end in range(1, len(text) + 1)
    )
    assert floods(text) is expected
    if not floods(text[:cut]):
        assert floods(text[cut:], before=text[:cut]) is expected


def test_the_window_is_only_moved_by_who_keeps_the_new_one() -> None:
    before = Window()
    after = check(before, marks("gp" * 10), 0).window
    assert (before.count, before.poison, after.count, after.poison) == (0, 0, 20, 10)


def test_it_says_in_words_what_it_saw() -> None:
    with pytest.raises(PoisonFlood, match=r"50 of the last 50 messages could not be posted, among them payment.captu"):
        check(Window(), marks("p" * 60), 0)


def test_accepted_poison_does_not_count_and_is_used_up() -> None:
    checked = check(Window(), marks("p" * 70 + "g" * 10), 100)
    assert (checked.accepted_left, checked.window.count) == (30, 10)
    assert check(checked.window, marks("p" * 30), 30).accepted_left == 0
    assert floods("p" * 149, accepted_left=100) is False
    assert floods("p" * 150, accepted_left=100) is True


def test_without_the_check_anything_passes_until_the_flood_is_over() -> None:
    during = check(Window(), marks("p" * 500), UNTIL_QUIET)
    assert (during.accepted_left, during.window.poison) == (UNTIL_QUIET, 100)
    assert check(during.window, marks("g" * 49), UNTIL_QUIET).accepted_left == UNTIL_QUIET
    assert check(during.window, marks("g" * 50), UNTIL_QUIET).accepted_left == 0
    assert check(Window(), marks("g" * 99), UNTIL_QUIET).accepted_left == UNTIL_QUIET
    with pytest.raises(PoisonFlood):
        check(during.window, marks("g" * 50 + "p" * 51), UNTIL_QUIET)
