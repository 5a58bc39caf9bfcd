"""Settings of settlement and reconciliation: amounts by currency, and an account that a bank can know."""

import pytest

from payments.config import BadSettings, load

NEEDED = {"DATABASE_URL": "sqlite:///payops.db"}
ACCOUNT = {"APP_PAYOUT_NAME": "Payops AG", "APP_PAYOUT_IBAN": "DE89 3704 0044 0532 0130 00"}


def refused(**environment: str) -> str:
    with pytest.raises(BadSettings) as caught:
        load(NEEDED | environment)
    (line,) = str(caught.value).splitlines()[1:]
    return line.strip()


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = load(NEEDED)
    assert (settings.second_operator_above.of("USD"), settings.minimum_payout.of("USD")) == (1_000_000, 100)
    assert settings.settlement_delay == 900
    assert settings.payout_account is None
    assert settings.acquirer is None


def test_amounts_are_by_currency() -> None:
    amounts = load(NEEDED | {"APP_SECOND_OPERATOR_ABOVE": "*=500 KRW=50000000"}).second_operator_above
    assert [amounts.of(currency) for currency in ("KRW", "USD")] == [50_000_000, 500]


@pytest.mark.parametrize("name", ["APP_SECOND_OPERATOR_ABOVE", "APP_MINIMUM_PAYOUT"])
@pytest.mark.parametrize("text", ["100", "KRW=100", "*=1.5", "*=x", "*=1 ABC=2", "*=1 KRW=1 KRW=2"])
def test_amounts_that_are_none_are_refused(name: str, text: str) -> None:
    assert refused(**{name: text}).startswith(f"{name} must be amounts in minor units by currency")


def test_the_account_is_whole() -> None:
    assert load(NEEDED | ACCOUNT).payout_account == ("Payops AG", "DE89370400440532013000")
    for name, value in ACCOUNT.items():
        assert refused(**{name: value}).startswith("APP_PAYOUT_NAME and APP_PAYOUT_IBAN must be set together")
    assert refused(**(ACCOUNT | {"APP_PAYOUT_IBAN": "DE88370400440532013000"})).endswith("check digits are right")
