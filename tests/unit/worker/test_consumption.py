"""How a message tells that it is the replay of a dead letter."""

import pytest

from worker.consumption import _letter_id

Headers = list[tuple[str, str | bytes | None]]


@pytest.mark.parametrize(
    ("headers", "letter_id"),
    [
        ([], None),
        ([("eventId", b"7")], None),
        ([("eventId", b"7"), ("deadLetterId", b"12")], 12),
        ([("deadLetterId", "12")], 12),
        ([("deadLetterId", None)], None),
        ([("deadLetterId", b"")], None),
        ([("deadLetterId", b"-1")], None),
        ([("deadLetterId", b"1e3")], None),
        ([("deadLetterId", "²".encode())], None),
        ([("deadLetterId", b"\xff")], None),
        ([("deadLetterId", b"9" * 18)], 10**18 - 1),
        ([("deadLetterId", b"9" * 19)], None),
    ],
)
def test_the_number_of_a_letter_is_read_from_the_headers(headers: Headers, letter_id: int | None) -> None:
    assert _letter_id(headers) == letter_id
