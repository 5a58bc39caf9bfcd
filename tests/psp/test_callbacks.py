"""Signed events: sent for each decision, again until they are taken, twice when a fault says so, also after a kill."""

import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.psp.simulator import Simulator
from tests.servers import until
from tests.serving import Answer, Request, Server, serving

SECRET = "secret of the callbacks"


@contextmanager
def told(statuses: list[int]) -> Iterator[tuple[Simulator, Server]]:
    """A simulator and its receiver, which answers these statuses in turn, then 204."""
    with (
        serving(lambda *_: Answer(statuses.pop(0) if statuses else 204)) as receiver,
        Simulator(PSP_CALLBACK_URL=f"{receiver.url}/events?from=psp", PSP_CALLBACK_SECRET=SECRET) as running,
    ):
        yield running, receiver


def events(requests: list[Request]) -> list[tuple[str, str]]:
    """(type, reference) of what was sent."""
    return [(request.json["type"], request.json["operation"]["reference"]) for request in requests]


def check(request: Request) -> None:
    stamp, signed = (part.partition("=")[2] for part in request.headers["psp-signature"].split(","))
    expected = hmac.digest(SECRET.encode(), f"{stamp}.".encode() + request.body, "sha256").hex()
    assert (signed, request.path) == (expected, "/events?from=psp")
    assert request.headers["psp-event-id"] == request.json["id"]


def states(psp: Simulator) -> list[tuple[str, int]]:
    shown: list[dict[str, Any]] = psp.api.control("GET", "events")["events"]
    return [(event["state"], event["attempts"]) for event in shown]


def test_each_decision_is_told_once_and_signed() -> None:
    with told([]) as (psp, receiver):
        psp.api.authorize("a", "tok_dispute_later")
        psp.api.operate("capture", "c", authorization="a")
        psp.api.authorize("d", "tok_declined")
        psp.api.authorize("a", "tok_dispute_later")
        psp.api.cancel("never")
        until(lambda: len(receiver.requests) >= 3, "three events")
        for request in receiver.requests:
            check(request)
        psp.api.control("PUT", "clock", {"advance": 86_401})
        until(lambda: len(receiver.requests) >= 4, "the dispute, a day later")
        until(lambda: all(state == "DELIVERED" for state, _ in states(psp)), "all are noted")
        assert sorted(events(receiver.requests)) == [
            ("authorization.approved", "a"),
            ("authorization.declined", "d"),
            ("capture.approved", "c"),
            ("dispute.opened", "c"),
        ]


def test_an_event_is_sent_until_it_is_taken() -> None:
    with told([500]) as (psp, receiver):
        psp.api.authorize("a")
        until(lambda: states(psp) == [("DELIVERED", 2)], "the second attempt")
        first, second = receiver.requests
        assert (first.body, first.headers["psp-event-id"]) == (second.body, second.headers["psp-event-id"])
        check(second)
        psp.api.faults({"fault": "duplicate_callback", "kinds": ["authorization"], "count": 1})
        psp.api.authorize("b")
        until(lambda: states(psp)[1:] == [("DELIVERED", 1)], "the duplicate")
        assert [request.json["operation"]["reference"] for request in receiver.requests[2:]] == ["b", "b"]
        assert receiver.requests[2].body == receiver.requests[3].body


def test_events_and_late_successes_survive_a_kill() -> None:
    with told([]) as (psp, receiver):
        psp.api.faults({"fault": "late_success", "seconds": 0.5})
        assert psp.api.authorize("late").status == 202
        psp.kill()
        psp.restart()
        until(lambda: events(receiver.requests) == [("authorization.approved", "late")], "it is decided and told")
        assert json.loads(receiver.requests[0].body)["operation"] == psp.api.journal("late")[0]["operation"]
