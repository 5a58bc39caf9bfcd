"""IBANs: what is taken, what is refused, and that any one mistaken character is found."""

import pytest

from payments.platform.values.iban import iban

GERMAN = "DE89370400440532013000"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (GERMAN, GERMAN),
        ("DE89 3704 0044 0532 0130 00", GERMAN),
        ("gb29 nwbk 6016 1331 9268 19", "GB29NWBK60161331926819"),
        ("NO9386011117947", "NO9386011117947"),
        ("MT84MALT011000012345MTLCAST001S", "MT84MALT011000012345MTLCAST001S"),
    ],
)
def test_an_iban_is_stored_without_spaces(text: str, number: str) -> None:
    assert iban(text) == number


@pytest.mark.parametrize(
    "text",
    ["", "DE", GERMAN[:-1], GERMAN + "0", "DE89-3704-0044-0532-0130-00", "1E89370400440532013000", GERMAN + "\n",
     "DE8937040044053201300٣", "DE" + "8" * 40, "=" + GERMAN],
)  # fmt: skip
def test_what_is_no_iban_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="IBAN"):
        iban(text)


def test_any_mistaken_digit_and_any_exchange_of_neighbours_is_found() -> None:
    wrong = {GERMAN[:place] + digit + GERMAN[place + 1 :] for place in range(2, len(GERMAN)) for digit in "0123456789"}
    pairs = range(2, len(GERMAN) - 1)
    wrong |= {GERMAN[:at] + GERMAN[at + 1] + GERMAN[at] + GERMAN[at + 2 :] for at in pairs}
    for number in wrong - {GERMAN}:
        with pytest.raises(ValueError, match="check digits"):
            iban(number)
