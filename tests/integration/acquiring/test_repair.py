"""Each fault of the simulator at each step, on both databases: housekeeping's rounds end in the journal's truth."""

from datetime import timedelta
from typing import Any

import pytest

from payments.acquiring.connector import Kind
from payments.acquiring.rules import State
from payments.payment.commands import Command
from tests.contracts import commands
from tests.contracts.enquiring import NAME, Rounds, make_due, payment_of, stored
from tests.integration.acquiring.shop import Shop
from tests.psp.simulator import Simulator

LONG = 20.0
SHORT = 0.5
"""Seconds for a call that a fault leaves without an answer."""
PREVENTING = ["timeout_before", "rate_limited", "down"]
LOSING = ["timeout_after_success", "reset_mid_body", "error_after_success", "malformed_body", "wrong_amount"]


def rounds(shop: Shop) -> Rounds:
    return Rounds(shop.engine, **{NAME: shop.connector})


def fault(name: str, *kinds: str, **more: Any) -> dict[str, Any]:
    waits = {"seconds": 3} if name.startswith("timeout") else {}
    return {"fault": name, "kinds": list(kinds), **waits, **more}


@pytest.mark.parametrize("name", LOSING)
def test_what_happened_without_an_answer_is_approved(shop: Shop, name: str) -> None:
    for kind in Kind:
        shop.psp.faults(fault(name, kind))
        reference = shop.step(kind, SHORT)
        assert shop.agrees(reference) is State.UNKNOWN, kind
        assert shop.repaired(reference, rounds(shop).run) is State.APPROVED, kind


@pytest.mark.parametrize("name", PREVENTING)
def test_what_did_not_happen_is_cancelled_there_and_failed_here(shop: Shop, name: str) -> None:
    for kind in Kind:
        shop.psp.faults(fault(name, kind))
        reference = shop.step(kind, SHORT)
        assert shop.repaired(reference, rounds(shop).run) is State.FAILED, kind
        assert shop.truth(reference)["state"] == "CANCELLED"


@pytest.mark.parametrize("silent", [True, False])
def test_what_is_decided_late_is_asked_about_until_then(shop: Shop, silent: bool) -> None:
    for kind in Kind:
        shop.psp.faults(fault("late_success", kind, silent=silent, seconds=500))
        reference = shop.step(kind, SHORT)
        assert shop.repaired(reference, rounds(shop).run, rounds=2) is State.UNKNOWN, kind
        shop.psp.control("PUT", "clock", {"advance": 501})
        assert shop.repaired(reference, rounds(shop).run) is State.APPROVED, kind


@pytest.mark.parametrize("name", ["latency", "duplicate_callback"])
def test_what_is_answered_needs_no_repair(shop: Shop, name: str) -> None:
    for kind in Kind:
        shop.psp.faults(fault(name, kind, **({"seconds": 0.1} if name == "latency" else {})))
        assert shop.agrees(shop.step(kind, LONG)) is State.APPROVED


@pytest.mark.parametrize("name", [*LOSING, *PREVENTING])
def test_an_enquiry_or_a_cancel_that_fails_says_nothing(shop: Shop, name: str) -> None:
    for lost in ("timeout_before", "timeout_after_success"):
        if (name, lost) == ("wrong_amount", "timeout_before"):
            continue  # of what is not there the acquirer tells no amount
        shop.psp.faults(fault(lost, Kind.AUTHORIZATION), fault(name, "enquiry", "cancel"))
        reference = shop.step(Kind.AUTHORIZATION, SHORT)
        tries = 1 if name in ("timeout_before", "timeout_after_success") else 2  # each takes 2 s
        before = shop.repaired(reference, rounds(shop).run, rounds=tries)
        assert before is State.UNKNOWN
        assert stored(shop.engine, reference).enquiries == 0
        shop.psp.control("DELETE", "faults")
        known = State.FAILED if lost == "timeout_before" else State.APPROVED
        assert shop.repaired(reference, rounds(shop).run) is known


@pytest.mark.parametrize("token", ["tok_declined", "tok_approved"])
def test_a_process_that_dies_during_the_call_loses_nothing(shop: Shop, token: str) -> None:
    known = State.APPROVED if token == "tok_approved" else State.DECLINED
    reference = shop.step(Kind.AUTHORIZATION, LONG, token, crash=True)
    assert stored(shop.engine, reference).state is State.SENT
    assert shop.repaired(reference, rounds(shop).run) is known


def test_one_that_is_stopped_for_good_refuses_and_everything_is_known_when_it_is_back(
    shop: Shop, simulator: Simulator
) -> None:
    shop.psp.faults({"fault": "down", "kinds": ["enquiry", "authorization"]})
    references = [shop.step(Kind.AUTHORIZATION, SHORT) for _ in range(5)]
    simulator.stop()
    for _ in range(2):
        make_due(shop.engine)
        rounds(shop).run()
    assert {shop_state(shop, reference) for reference in references} == {State.UNKNOWN}
    simulator.start()
    shop.psp.control("DELETE", "faults")
    for reference in references:
        assert shop.repaired(reference, rounds(shop).run) is State.FAILED


def shop_state(shop: Shop, reference: str) -> State:
    return stored(shop.engine, reference).state


@pytest.mark.parametrize("name", [None, "timeout_after_success", "timeout_before", "error_after_success", "down"])
def test_an_expiry_releases_there_and_here_once(shop: Shop, name: str | None) -> None:
    reference = shop.take(shop.authorize(lifetime=timedelta(0)), LONG)
    payment_id = int(reference.split("-")[1])
    expire: Command = commands.expire(payment_id)
    commands.run_one(shop.engine, expire)
    void = f"00-{payment_id}-void-1"
    if name:
        shop.psp.faults(fault(name, Kind.VOID))
    a_round = rounds(shop)
    a_round.run()
    shop.psp.control("DELETE", "faults")
    for _ in range(4):
        make_due(shop.engine)
        a_round.run()
    assert shop.agrees(void) is State.APPROVED
    assert payment_of(shop.engine, void).status == "EXPIRED"
