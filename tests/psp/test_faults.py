"""Each fault as a client sees it, on a raw socket, and what really happened, in the journal."""

import json
import socket
from collections.abc import Callable
from contextlib import ExitStack
from threading import Thread
from time import monotonic
from typing import Any

import pytest

from tests.psp.simulator import Client, Simulator, raw_answer, request_of
from tests.servers import until

Name = Callable[[str], str]


def hit(psp: Client, simulator: Simulator, reference: str, **rule: Any) -> tuple[bytes, str]:
    """What a raw client gets for an authorization that the rule hits, and how the connection ends."""
    psp.faults({"kinds": ["authorization"], **rule})
    sent = request_of("authorization", reference, token="tok_approved").replace(
        b"\r\nHost", b"\r\nConnection: close\r\nHost"
    )
    return raw_answer(simulator.port, sent)


def truth(psp: Client, reference: str) -> tuple[str, str, str | None]:
    """(fault, outcome, state of the operation now) of the journal's first entry of a reference."""
    entry = psp.journal(reference)[0]
    operation = entry["operation"]
    return entry["fault"], entry["outcome"], operation and operation["state"]


def answer(received: bytes) -> tuple[int, bytes]:
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


@pytest.mark.parametrize(
    ("fault", "seconds", "outcome", "state"),
    [
        ("timeout_before", 0.2, "NOT_PROCESSED", None),
        ("timeout_after_success", 0.2, "APPROVED", "APPROVED"),
        ("down", None, "NOT_PROCESSED", None),
    ],
)
def test_silence(
    psp: Client, simulator: Simulator, name: Name, fault: str, seconds: float | None, outcome: str, state: str | None
) -> None:
    reference, begun = name("a"), monotonic()
    received, how = hit(psp, simulator, reference, fault=fault, **({"seconds": seconds} if seconds else {}))
    assert (received, how) == (b"", "reset")
    assert monotonic() - begun >= (seconds or 0)
    assert truth(psp, reference) == (fault, outcome, state)
    psp.faults()
    assert psp.authorize(reference).json["state"] == "APPROVED", "a repeat finds it, or does it"
    assert len({entry["operation"]["id"] for entry in psp.journal(reference)}) == 1


def test_silence_ends_when_the_client_leaves(psp: Client, simulator: Simulator, name: Name) -> None:
    psp.faults({"fault": "timeout_before", "seconds": 600})
    sent = request_of("authorization", name("a"), token="tok_approved")
    assert raw_answer(simulator.port, sent, seconds=0.2) == (b"", "time-out")


def test_hundreds_are_kept_waiting_and_keep_nobody_waiting(psp: Client, simulator: Simulator, name: Name) -> None:
    psp.faults({"fault": "timeout_after_success", "seconds": 600, "kinds": ["authorization"]})
    references = [name("a") for _ in range(300)]
    with ExitStack() as stack:
        for reference in references:
            client = stack.enter_context(socket.create_connection(("127.0.0.1", simulator.port)))
            client.sendall(request_of("authorization", reference, token="tok_approved"))
        until(lambda: psp.enquire(references[-1]).status == 200, "the last has come and others are answered")
        assert {psp.enquire(reference).json["state"] for reference in references} == {"APPROVED"}


def test_a_reset_in_the_middle(psp: Client, simulator: Simulator, name: Name) -> None:
    reference = name("a")
    received, how = hit(psp, simulator, reference, fault="reset_mid_body")
    head, _, half = received.partition(b"\r\n\r\n")
    length = next(int(line.split()[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length"))
    assert (how, len(half)) == ("reset", length // 2)
    assert truth(psp, reference) == ("reset_mid_body", "APPROVED", "APPROVED")


def test_an_error_after_success(psp: Client, simulator: Simulator, name: Name) -> None:
    reference = name("a")
    status, body = answer(hit(psp, simulator, reference, fault="error_after_success")[0])
    assert (status, json.loads(body)["code"]) == (500, "INTERNAL_ERROR")
    assert truth(psp, reference) == ("error_after_success", "APPROVED", "APPROVED")


def test_a_malformed_body(psp: Client, simulator: Simulator, name: Name) -> None:
    reference = name("a")
    received, how = hit(psp, simulator, reference, fault="malformed_body")
    status, body = answer(received)
    assert (status, how) == (201, "end"), "as if it were all"
    with pytest.raises(ValueError, match=r"."):
        json.loads(body)
    assert truth(psp, reference) == ("malformed_body", "APPROVED", "APPROVED")


def test_a_wrong_amount(psp: Client, simulator: Simulator, name: Name) -> None:
    reference = name("a")
    assert json.loads(answer(hit(psp, simulator, reference, fault="wrong_amount")[0])[1])["amount"] == 1001
    assert psp.journal(reference)[0]["operation"]["amount"] == 1000
    psp.faults({"fault": "wrong_amount", "kinds": ["enquiry", "cancel"]})
    assert psp.enquire(reference).json["amount"] == 1001
    assert psp.cancel(reference).json["operation"]["amount"] == 1001


def test_too_many_requests(psp: Client, simulator: Simulator, name: Name) -> None:
    reference = name("a")
    received, _ = hit(psp, simulator, reference, fault="rate_limited")
    status, body = answer(received)
    assert (status, json.loads(body)["code"], b"Retry-After: 1\r\n" in received) == (429, "RATE_LIMITED", True)
    assert truth(psp, reference) == ("rate_limited", "NOT_PROCESSED", None)


def test_latency_comes_before_anything_happens(psp: Client, name: Name) -> None:
    reference, begun = name("a"), monotonic()
    psp.faults({"fault": "latency", "seconds": 0.15}, {"fault": "latency", "seconds": 0.15}, {"fault": "wrong_amount"})
    made = psp.authorize(reference)
    assert monotonic() - begun >= 0.3, "all of them"
    assert (made.status, made.json["amount"]) == (201, 1001), "and the first of the others"
    assert psp.journal(reference)[0]["fault"] == "wrong_amount"


def test_a_cancel_overtakes_a_delayed_original(psp: Client, simulator: Simulator, name: Name) -> None:
    reference, found = name("a"), []
    psp.faults({"fault": "latency", "seconds": 2, "kinds": ["authorization"]})
    original = Thread(target=lambda: found.append(psp.authorize(reference)))
    original.start()
    until(lambda: psp.journal(reference), "the original has come")
    assert psp.journal(reference)[0]["outcome"] is None, "it waits"
    assert psp.cancel(reference).json["cancelled"] is True
    original.join()
    assert (found[0].status, found[0].json["code"]) == (409, "CANCELLED")


@pytest.mark.parametrize("silent", [False, True])
def test_late_success(psp: Client, simulator: Simulator, name: Name, silent: bool) -> None:
    reference = name("a")
    received, how = hit(psp, simulator, reference, fault="late_success", seconds=0.5, silent=silent)
    if silent:
        assert (received, how) == (b"", "reset")
    else:
        assert answer(received)[0] == 202
        assert json.loads(answer(received)[1])["state"] == "PROCESSING"
    assert truth(psp, reference)[:2] == ("late_success", "PROCESSING")
    until(lambda: psp.enquire(reference).json["state"] == "APPROVED", "it succeeds by itself")
    assert psp.authorize(reference).status == 201, "the same request has its final answer"


def test_late_success_that_is_cancelled_never_comes(psp: Client, name: Name) -> None:
    reference = name("a")
    psp.faults({"fault": "late_success", "seconds": 600})
    assert psp.authorize(reference).status == 202
    assert psp.authorize(reference).json["state"] == "PROCESSING"
    assert psp.operate("capture", name("c"), authorization=reference).status == 202
    assert psp.cancel(reference).json["cancelled"] is True
    assert psp.authorize(reference).json["code"] == "CANCELLED"


def test_rules_choose_by_token_percentage_and_count(psp: Client, name: Name) -> None:
    psp.faults({"fault": "rate_limited", "tokenKinds": ["declined"], "count": 2})
    assert [psp.authorize(name("a")).status for _ in range(2)] == [201, 201]
    assert [psp.authorize(name("a"), "tok_declined").status for _ in range(3)] == [429, 429, 402]
    (shown,) = psp.control("GET", "faults")["rules"]
    assert (shown["remaining"], shown["hits"]) == (0, 2)
    held = name("a")
    psp.authorize(held, "tok_dispute_later")
    psp.faults({"fault": "rate_limited", "tokenKinds": ["dispute_later"]})
    statuses = [psp.operate("capture", name("c"), authorization=held).status, psp.enquire(held).status]
    assert statuses == [429, 429], "what follows an authorization has the kind of its token"


def test_the_seed_says_which_are_hit(psp: Client, name: Name) -> None:
    psp.faults({"fault": "rate_limited", "percentage": 30})

    def drawn(seed: int, prefix: str) -> list[int]:
        psp.control("PUT", "seed", {"seed": seed})
        return [psp.authorize(f"{prefix}-{number}").status for number in range(60)]

    first = drawn(7, name("s"))
    assert 5 <= first.count(429) <= 35
    assert psp.control("GET", "seed") == {"seed": 7}
    with Simulator() as another:
        another.api.faults({"fault": "rate_limited", "percentage": 30})
        another.api.control("PUT", "seed", {"seed": 7})
        prefix = psp.journal()[-1]["reference"].rsplit("-", 1)[0]
        again = [another.api.authorize(f"{prefix}-{number}").status for number in range(60)]
    assert again == first, "the same seed hits the same references, in another simulator, too"
    assert drawn(8, name("s")) != first


def test_tokens_and_settlements_fail_as_well(psp: Client) -> None:
    psp.faults({"fault": "rate_limited", "kinds": ["token", "settlement"]})
    card = {"number": "4242424242424242", "expiry": "12/40"}
    assert psp.ask("POST", "/v1/tokens", card).status == 429
    assert psp.get("/v1/settlements/2026-01-01.csv").status == 429
    psp.faults({"fault": "malformed_body", "kinds": ["settlement"]})
    assert "end,0" not in psp.get("/v1/settlements/2026-01-01.csv").text
    psp.faults()
    assert "end,0" in psp.get("/v1/settlements/2026-01-01.csv").text
