"""The acquirer's API over HTTP: operations, their repetition, enquiry, tombstones, tokens, refusals."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.psp.simulator import CONTROL, KEY, PUBLISHABLE, SHOP, Client

Name = Callable[[str], str]
CARD = {"number": "4242424242424242", "expiry": "12/40", "cvc": "123"}


def test_a_payment_from_authorization_to_refund(psp: Client, name: Name) -> None:
    held, taken, back, rest = name("a"), name("c"), name("r"), name("v")
    made = psp.authorize(held)
    assert (made.status, made.json["state"], made.json["amount"]) == (201, "APPROVED", 1000)
    assert psp.operate("capture", taken, authorization=held, amount=600).status == 201
    assert psp.operate("refund", back, authorization=made.json["id"], amount=600).status == 201, "by id, too"
    void = psp.operate("void", rest, authorization=held, amount=None)
    assert (void.status, void.json["amount"]) == (201, 400), "void releases the rest"
    for reference in (held, taken, back, rest):
        assert psp.enquire(reference).json == psp.journal(reference)[0]["operation"]


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("capture", {"amount": 1001}, "amount_exceeds_authorized"),
        ("capture", {"currency": "EUR"}, "currency_mismatch"),
        ("capture", {"authorization": "nothing-here"}, "unknown_authorization"),
        ("refund", {"amount": 1}, "amount_exceeds_captured"),
        ("void", {"amount": 999}, "amount_is_not_the_rest"),
    ],
)
def test_what_does_not_fit_is_declined_for_good(
    psp: Client, name: Name, kind: str, fields: dict[str, Any], code: str
) -> None:
    held, next_one = name("a"), name("n")
    psp.authorize(held)
    declined = psp.operate(kind, next_one, **{"authorization": held, **fields})
    assert (declined.status, declined.json["code"], declined.json["declineCode"]) == (402, "DECLINED", code)
    assert psp.enquire(next_one).json == declined.json["operation"]


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("tok_declined", "card_declined"),
        ("tok_insufficient_funds", "insufficient_funds"),
        ("tok_expired_card", "expired_card"),
        ("tok_processing_error", "processing_error"),
        ("tok_nobody_knows", "unknown_token"),
    ],
)
def test_tokens_decide(psp: Client, name: Name, token: str, code: str) -> None:
    held = name("a")
    assert psp.authorize(held, token).json["declineCode"] == code
    late = psp.operate("capture", name("c"), authorization=held)
    assert late.json["declineCode"] == "unknown_authorization", "what was declined holds nothing"


def test_the_same_request_has_the_same_answer(psp: Client, name: Name) -> None:
    approved, declined = name("a"), name("d")
    for reference, token in ((approved, "tok_approved"), (declined, "tok_declined")):
        first, second = psp.authorize(reference, token), psp.authorize(reference, token)
        assert (first.status, first.text) == (second.status, second.text)
        assert "idempotency-replayed" not in first.headers
        assert second.headers["idempotency-replayed"] == "true"
    assert [entry["outcome"] for entry in psp.journal(approved)] == ["APPROVED", "REPLAYED"]


def test_another_request_under_the_same_reference_is_refused(psp: Client, name: Name) -> None:
    held, taken = name("a"), name("c")
    psp.authorize(held)
    psp.operate("capture", taken, authorization=held, amount=1)
    others = (
        psp.authorize(held, amount=999),
        psp.authorize(held, currency="EUR"),
        psp.operate("capture", held, authorization=held),
        psp.operate("refund", taken, authorization=held, amount=1),
    )
    assert {(one.status, one.json["code"]) for one in others} == {(409, "IDEMPOTENCY_CONFLICT")}


def test_the_key_is_the_reference(psp: Client, name: Name) -> None:
    body: dict[str, Any] = {"reference": name("a"), "amount": 1, "currency": "USD", "token": "tok_approved"}
    for headers in ({}, {"Idempotency_Key": "another"}):
        refused = psp.ask("POST", "/v1/authorizations", body, **headers)
        assert (refused.status, refused.json["code"]) == (400, "KEY_MISMATCH")
    assert psp.enquire(body["reference"]).status == 404


def test_what_was_cancelled_never_happens(psp: Client, name: Name) -> None:
    held, never = name("a"), name("c")
    psp.authorize(held)
    buried = psp.cancel(never)
    assert (buried.status, buried.json["cancelled"], buried.json["operation"]["state"]) == (200, True, "CANCELLED")
    late = psp.operate("capture", never, authorization=held)
    assert (late.status, late.json["code"]) == (409, "CANCELLED")
    assert psp.cancel(never).json == buried.json, "again"
    assert psp.enquire(never).json == buried.json["operation"]
    assert psp.operate("capture", name("c"), authorization=held).status == 201, "nothing was captured before"


def test_what_has_happened_is_not_cancelled(psp: Client, name: Name) -> None:
    for token in ("tok_approved", "tok_declined"):
        held = name("a")
        psp.authorize(held, token)
        told = psp.cancel(held).json
        assert told == {"reference": held, "cancelled": False, "operation": psp.enquire(held).json}


def test_an_unknown_reference_is_not_found(psp: Client, name: Name) -> None:
    missing = name("a")
    assert (psp.enquire(missing).status, psp.enquire(missing).json["code"]) == (404, "NOT_FOUND")
    assert [entry["outcome"] for entry in psp.journal(missing)] == ["NOT_FOUND"] * 2


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("4242424242424242", "approved"),
        ("5555 5555 5555 4444", "approved"),
        ("4000000000000002", "declined"),
        ("4000000000009995", "insufficient_funds"),
        ("4000000000000069", "expired_card"),
        ("4000000000000119", "processing_error"),
        ("4000000000000259", "dispute_later"),
    ],
)
def test_test_cards_become_tokens(psp: Client, name: Name, number: str, kind: str) -> None:
    made = psp.ask("POST", "/v1/tokens", {**CARD, "number": number}, PUBLISHABLE)
    assert (made.status, made.json["kind"], made.json["last4"]) == (201, kind, number[-4:])
    approved = kind in ("approved", "dispute_later")
    assert psp.authorize(name("a"), made.json["token"]).status == (201 if approved else 402)


@pytest.mark.parametrize("change", [{"number": "4111111111111111"}, {"number": "1"}, {"expiry": "11/20"}])
def test_other_cards_are_refused(psp: Client, change: dict[str, str]) -> None:
    refused = psp.ask("POST", "/v1/tokens", {**CARD, **change})
    assert (refused.status, refused.json["code"]) == (402, "CARD_NOT_ACCEPTED")


def test_a_shop_may_ask_for_tokens_from_a_browser(psp: Client) -> None:
    asked = psp.raw("OPTIONS", "/v1/tokens", headers={"Origin": SHOP, "Access-Control-Request-Method": "POST"})
    assert asked.status == 200
    assert asked.headers["access-control-allow-origin"] == SHOP
    assert asked.headers["access-control-allow-headers"] == "Authorization, Content-Type"
    for key in (PUBLISHABLE, "wrong"):
        assert psp.ask("POST", "/v1/tokens", CARD, key, Origin=SHOP).headers["access-control-allow-origin"] == SHOP
    stranger = psp.ask("POST", "/v1/tokens", CARD, PUBLISHABLE, Origin="http://evil.example")
    assert "access-control-allow-origin" not in stranger.headers
    elsewhere = psp.ask("GET", "/v1/operations?reference=a", Origin=SHOP)
    assert "access-control-allow-origin" not in elsewhere.headers


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/v1/operations?reference=a", None, 401),
        ("/v1/operations?reference=a", "wrong", 401),
        ("/v1/operations?reference=a", f"sk_test_of_somebody_else,{KEY}", 401),
        ("/v1/operations?reference=a", CONTROL, 401),
        ("/v1/operations?reference=a", "schlüssel", 401),
        ("/v1/operations?reference=a", "sk_test_of_somebody_else", 404),
        ("/_control/journal", KEY, 401),
        ("/_control/journal", None, 401),
    ],
)
def test_each_part_has_its_key(psp: Client, path: str, key: str | None, status: int) -> None:
    reply = psp.get(path, key)
    assert reply.status == status
    if status == 401:
        assert (reply.json["code"], reply.headers["www-authenticate"]) == ("UNAUTHENTICATED", "Bearer")


def test_the_publishable_key_gives_tokens_alone(psp: Client) -> None:
    refused = psp.raw("GET", "/v1/operations?reference=a", headers={"Authorization": f"Bearer {PUBLISHABLE}"})
    assert (refused.status, refused.json["code"]) == (403, "FORBIDDEN")
