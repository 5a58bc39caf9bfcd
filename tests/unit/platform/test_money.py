"""Currencies against ISO 4217's own table, as the package `iso4217` carries it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso4217 import Currency

from payments.platform.values.money import DECIMALS, format_amount

NOT_IN_CIRCULATION = {
    "XAG": "silver",
    "XAU": "gold",
    "XPD": "palladium",
    "XPT": "platinum",
    "XTS": "reserved for testing",
    "XXX": "no currency",
    "XBA": "bond markets unit",
    "XBB": "bond markets unit",
    "XBC": "bond markets unit",
    "XBD": "bond markets unit",
    "XDR": "special drawing right of the IMF",
    "XSU": "unit of account of the ALBA states",
    "XUA": "unit of account of the African Development Bank",
    "XAD": "unit of account of the Arab Monetary Fund",
    "BOV": "funds code of Bolivia, indexed",
    "CHE": "WIR, complementary money of a Swiss bank",
    "CHW": "WIR, complementary money of a Swiss bank",
    "CLF": "funds code of Chile, indexed",
    "COU": "funds code of Colombia, indexed",
    "MXV": "funds code of Mexico, indexed",
    "USN": "US dollar of the next day, between banks",
    "UYI": "funds code of Uruguay, indexed",
    "UYW": "funds code of Uruguay, indexed",
}
"""Codes of list one that are no currencies of payments, with the reason."""


def test_exactly_the_circulating_currencies_have_their_decimals() -> None:
    table = {currency.code: currency.exponent for currency in Currency}
    assert {code: table[code] for code in table if code not in NOT_IN_CIRCULATION} == DECIMALS
    assert set(NOT_IN_CIRCULATION) <= set(table), "a code that left the standard needs no reason any more"


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (10050, "USD", "100.50 USD"),
        (5, "USD", "0.05 USD"),
        (-5, "USD", "-0.05 USD"),
        (-10050, "USD", "-100.50 USD"),
        (0, "USD", "0.00 USD"),
        (10000, "KRW", "10000 KRW"),
        (-1, "KRW", "-1 KRW"),
        (1, "KWD", "0.001 KWD"),
        (10**18 + 1, "EUR", "10000000000000000.01 EUR"),
    ],
)
def test_amounts_are_formatted_in_major_units(amount: int, currency: str, shown: str) -> None:
    assert format_amount(amount, currency) == shown


@given(st.integers(-(10**20), 10**20), st.sampled_from(sorted(DECIMALS)))
def test_no_minor_unit_is_lost_when_shown(amount: int, currency: str) -> None:
    number, code = format_amount(amount, currency).split(" ")
    assert code == currency
    assert int(number.replace(".", "")) == amount
    assert len(number.partition(".")[2]) == DECIMALS[currency]
