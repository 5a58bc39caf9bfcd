"""Currencies in circulation and the decimals of their minor unit. Amounts are integers in that unit; no float.

Source: ISO 4217 list one. Left out: precious metals, testing codes, funds and units of account (XAU, XTS, CLF, XDR, …).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAX_AMOUNT: Final = 10**12
"""Largest amount of one payment, in minor units."""

_TWO_DECIMALS = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE
CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR
KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB
PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY
TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"

DECIMALS: Final[dict[str, int]] = {
    **dict.fromkeys(_TWO_DECIMALS.split(), 2),
    **dict.fromkeys(_NO_DECIMALS.split(), 0),
    **dict.fromkeys(_THREE_DECIMALS.split(), 3),
}
"""Currency code → decimals of the minor unit (KRW 0, USD 2, KWD 3)."""


def format_amount(amount: int, currency: str) -> str:
    """Format an amount of minor units: (10050, "USD") → "100.50 USD". Integer arithmetic only."""
    decimals = DECIMALS[currency]
    if decimals == 0:
        return f"{amount} {currency}"
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), 10**decimals)
    return f"{sign}{whole}.{rest:0{decimals}d} {currency}"


@dataclass(frozen=True, slots=True)
class AmountsByCurrency:
    """An amount (minor units) for some currencies, and one for the others."""

    others: int
    amounts: Mapping[str, int]

    def of(self, currency: str) -> int:
        """The amount in minor units of this currency."""
        return self.amounts.get(currency, self.others)


_ANY: Final = "*"


def amounts_by_currency(text: str) -> AmountsByCurrency:
    """Read "*=1000000 KRW=50000000": minor units by currency, `*` for all others, which has to be there.

    Raises ValueError, in words, for anything else.
    """
    amounts: dict[str, int] = {}
    for part in text.split():
        currency, separator, amount = part.partition("=")
        if not separator or not (amount.isascii() and amount.isdigit()):
            raise ValueError(f"{part!r} is not CURRENCY=AMOUNT with an amount in minor units")
        if currency != _ANY and currency not in DECIMALS:
            raise ValueError(f"there is no currency {currency!r}")
        if currency in amounts:
            raise ValueError(f"{currency} comes twice")
        amounts[currency] = int(amount)
    if _ANY not in amounts:
        raise ValueError("an amount for all other currencies is missing: *=AMOUNT")
    return AmountsByCurrency(amounts.pop(_ANY), amounts)
