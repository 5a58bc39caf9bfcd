"""The simulator's rules by themselves: amounts, fees, cards, draws, settings, signatures."""

import hmac
import re
from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psp import cards, events, settings
from psp.bodies import LARGEST_AMOUNT
from psp.cards import TEST_NUMBERS, TokenKind, ends, is_card_number
from psp.faults import Fault, RequestKind, Rule, Target, draw
from psp.fees import BASIS_POINTS, FIXED, movement
from psp.operations import Authorization, Command, DeclineCode, Kind, decide
from psp.settings import BadSettings, load
from tests.repo.sources import ROOT

GIVEN = {"PSP_KEYS": "k" * 16, "PSP_CONTROL_TOKEN": "t" * 16, "PSP_DATABASE": "psp.db"}
AMOUNTS = st.integers(1, LARGEST_AMOUNT)


@given(amount=AMOUNTS, currency=st.sampled_from([*FIXED, "CHF"]))
def test_a_fee_is_rounded_half_up_and_net_is_the_rest(amount: int, currency: str) -> None:
    moved = movement(Kind.CAPTURE, amount, currency)
    assert moved is not None
    exact = Fraction(amount * BASIS_POINTS, 10_000) + FIXED.get(currency, 0)
    assert moved.fee == floor(exact + Fraction(1, 2))
    assert (moved.gross, moved.net) == (amount, amount - moved.fee)


@given(amount=AMOUNTS)
def test_a_refund_takes_all_back_and_costs_nothing(amount: int) -> None:
    moved = movement(Kind.REFUND, amount, "USD")
    assert moved is not None
    assert (moved.gross, moved.fee, moved.net) == (-amount, 0, -amount)
    assert movement(Kind.VOID, amount, "USD") is None
    assert movement(Kind.AUTHORIZATION, amount, "USD") is None


@pytest.mark.parametrize(("amount", "fee"), [(33, 10), (34, 11), (100, 12), (300, 15), (9999, 160)])
def test_fees_by_example(amount: int, fee: int) -> None:
    moved = movement(Kind.CAPTURE, amount, "USD")
    assert moved is not None
    assert moved.fee == fee


@given(
    parts=st.tuples(*[st.integers(0, 100)] * 4),
    kind=st.sampled_from([Kind.CAPTURE, Kind.REFUND, Kind.VOID]),
    amount=st.integers(1, 300) | st.none(),
)
def test_no_decision_breaks_the_amounts(parts: tuple[int, ...], kind: Kind, amount: int | None) -> None:
    captured, released, left = parts[0] + 1, parts[1], parts[2]
    refunded = min(parts[3], captured)
    held = Authorization("a", "USD", captured + released + left, captured, refunded, released)
    if kind is not Kind.VOID and amount is None:
        return
    decision = decide(Command(kind, "r", amount, "USD", authorization="a"), None, held)
    after = {Kind.CAPTURE: captured, Kind.REFUND: refunded, Kind.VOID: released}
    after[kind] += decision.amount
    fits = after[Kind.CAPTURE] + after[Kind.VOID] <= held.authorized and after[Kind.REFUND] <= after[Kind.CAPTURE]
    if kind is Kind.VOID:
        fits = fits and decision.amount > 0 and after[Kind.CAPTURE] + after[Kind.VOID] == held.authorized
    assert (decision.decline is None) == fits


def test_a_currency_decides_before_an_amount() -> None:
    command = Command(Kind.CAPTURE, "r", 10**9, "EUR", authorization="a")
    assert decide(command, None, Authorization("a", "USD", 1)).decline is DeclineCode.CURRENCY_MISMATCH


def test_every_part_of_a_command_is_in_its_digest() -> None:
    said: dict[str, Any] = {"amount": 1, "currency": "USD", "token": "tok_a", "authorization": None}
    changes: list[dict[str, Any]] = [{}, {"amount": 2}, {"amount": None}, {"currency": "EUR"}]
    others = [*changes, {"token": "tok_b"}, {"authorization": "a"}]
    commands = [Command(Kind.CAPTURE, "r", **{**said, **other}) for other in others]
    commands.append(Command(Kind.REFUND, "r", **said))
    assert len({command.digest() for command in commands}) == len(commands)


@pytest.mark.parametrize("number", TEST_NUMBERS)
def test_card_numbers_are_recognised(number: str) -> None:
    assert is_card_number(number)
    assert not is_card_number(number[:-1] + str((int(number[-1]) + 1) % 10))


@pytest.mark.parametrize(
    "text", ["", "0" * 12, "0" * 20, "4242-4242-4242-4242", "４２４２４２４２４２４２４２４２", "c1-1-capture-1"]
)
def test_other_texts_are_no_card_numbers(text: str) -> None:
    assert not is_card_number(text)


def test_a_card_is_good_until_its_month_ends() -> None:
    assert (ends("11/26"), ends("12/26")) == (date(2026, 12, 1), date(2027, 1, 1))


def test_every_kind_of_token_has_a_number_and_a_fixed_token() -> None:
    assert {kind for _, kind in TEST_NUMBERS.values()} == set(TokenKind) == set(cards.FIXED_TOKENS.values())


def rule(position: int, fault: Fault, percentage: float, seconds: float = 0.0) -> Rule:
    return Rule(position, fault, frozenset(), frozenset(), percentage, seconds, False)


def test_a_percentage_is_drawn_evenly_and_anew_for_each_attempt() -> None:
    down = rule(0, Fault.DOWN, 30)
    tried = [Target(RequestKind.CAPTURE, f"r-{number}", None, attempt) for number in range(1000) for attempt in (1, 2)]
    drawn = [draw([down], 5, target)[0].fault is Fault.DOWN for target in tried]
    assert 540 <= sum(drawn) <= 660, "600 of 2,000, give or take three deviations"
    assert drawn[::2] != drawn[1::2], "a repeat is drawn for itself"
    assert drawn == [draw([down], 5, target)[0].fault is Fault.DOWN for target in tried]
    assert drawn != [draw([down], 6, target)[0].fault is Fault.DOWN for target in tried]


def test_the_first_fault_wins_and_latencies_add_up() -> None:
    rules = [rule(0, Fault.LATENCY, 100, 1.0), rule(1, Fault.DOWN, 100), rule(2, Fault.LATENCY, 100, 0.5)]
    hit, used = draw([*rules, rule(3, Fault.RATE_LIMITED, 100)], 0, Target(RequestKind.TOKEN, None, None, 1))
    assert (hit.fault, hit.delay, [one.position for one in used]) == (Fault.DOWN, 1.5, [0, 1, 2])


def test_a_fault_hits_only_what_it_can() -> None:
    late = rule(0, Fault.LATE_SUCCESS, 100)
    assert draw([late], 0, Target(RequestKind.ENQUIRY, "r", None, 1))[0].fault is None
    assert draw([late], 0, Target(RequestKind.VOID, "r", None, 1))[0].fault is Fault.LATE_SUCCESS


def test_a_signature_can_be_checked_by_its_description() -> None:
    body = b'{"id":"evt_1"}'
    expected = hmac.digest(b"secret", b"1700000000." + body, "sha256").hex()
    assert events.signature("secret", 1_700_000_000, body) == f"t=1700000000,v1={expected}"


def test_settings_have_no_default_for_what_is_secret() -> None:
    with pytest.raises(BadSettings, match="PSP_KEYS is not set; PSP_CONTROL_TOKEN is not set; PSP_DATABASE is not set"):
        load({})
    found = load(GIVEN)
    assert (found.keys, found.port, found.callback_url) == (("k" * 16,), 8090, None)
    assert "kkkk" not in repr(found)
    assert "tttt" not in repr(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PSP_KEYS", "short"),
        ("PSP_KEYS", "k" * 16 + ",short"),
        ("PSP_KEYS", "k" * 16 + ","),
        ("PSP_KEYS", "with space and more"),
        ("PSP_CONTROL_TOKEN", "t" * 15),
        ("PSP_PUBLISHABLE_KEY", "ü" * 16),
        ("PSP_PUBLISHABLE_KEY", "k" * 16),
        ("PSP_CONTROL_TOKEN", "k" * 16),
        ("PSP_PORT", "0"),
        ("PSP_PORT", "65536"),
        ("PSP_PORT", "http"),
        ("PSP_CALLBACK_URL", "http://127.0.0.1/events"),
        ("PSP_CALLBACK_SECRET", "s" * 16),
        ("PSP_SHOP_ORIGINS", "shop.example"),
        ("PSP_SHOP_ORIGINS", "http://shop.example/"),
    ],
)
def test_a_bad_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match="PSP_CALLBACK" if "CALLBACK" in name else name):
        load({**GIVEN, name: value})


@pytest.mark.parametrize(("url", "secret"), [("ftp://a/b", "s" * 16), ("http://", "s" * 16), ("http://a/", "short")])
def test_a_bad_receiver_is_named(url: str, secret: str) -> None:
    with pytest.raises(BadSettings, match="PSP_CALLBACK_"):
        load({**GIVEN, "PSP_CALLBACK_URL": url, "PSP_CALLBACK_SECRET": secret})


def test_settings_and_faults_are_documented() -> None:
    page = (ROOT / "docs/simulator.md").read_text(encoding="utf-8")
    assert [name for name in (*settings.NAMES, *Fault, *TEST_NUMBERS, *DeclineCode) if f"`{name}`" not in page] == []


def test_the_page_has_the_colours_of_the_console() -> None:
    def tokens(path: str) -> dict[str, str]:
        return dict(
            re.findall(r"(--[a-z-]+): (light-dark\([^)]*\)|[\d.]+px);", (ROOT / path).read_text(encoding="utf-8"))
        )

    ours, theirs = tokens("psp/page/page.css"), tokens("frontend/src/app/base.css")
    assert "--accent" in ours
    assert {name: theirs.get(name) for name in ours} == ours
