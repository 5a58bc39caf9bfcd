"""kill -9 in the middle of everything: what was answered is true, what was not can be asked for, nothing is double."""

import csv
import http.client
import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from threading import Lock
from typing import Any

import pytest

from tests.psp.simulator import Client, Reply, Simulator
from tests.servers import until

PAYMENTS, KILLS, WORKERS = 100, 6, 8
FAULTS = [
    {"fault": fault, "kinds": ["authorization", "capture", "refund"], "percentage": 8, **more}
    for fault, more in {
        "timeout_before": {"seconds": 0.05},
        "timeout_after_success": {"seconds": 0.05},
        "reset_mid_body": {},
        "error_after_success": {},
        "malformed_body": {},
        "late_success": {"seconds": 0.2},
    }.items()
]


class Caller:
    """Authorizes, captures and refunds; repeats every fourth reference to its end, and asks about the others."""

    def __init__(self, api: Client) -> None:
        self.api = api
        self.answers: dict[str, Reply] = {}
        self.patient = cycle([True, False, False, False])
        self._lock = Lock()

    def pay(self, number: int) -> None:
        token = "tok_declined" if number % 10 == 9 else "tok_approved"
        self.do("authorization", f"p{number}-authorization-1", token=token)
        for kind, amount in (("capture", 700), ("refund", 300)):
            self.do(kind, f"p{number}-{kind}-1", authorization=f"p{number}-authorization-1", amount=amount)

    def do(self, kind: str, reference: str, **fields: Any) -> None:
        with self._lock:
            patient = next(self.patient)
        answer = self.definite(lambda: self.api.operate(kind, reference, **fields), once=not patient)
        if answer is None:  # unknown: ask, and bury what has not happened
            answer = self.definite(lambda: self.api.cancel(reference))
        assert answer is not None
        self.answers[reference] = answer

    def definite(self, ask: Any, *, once: bool = False) -> Reply | None:
        """The first answer that says what happened; None when the only attempt did not."""

        def attempt() -> Reply | None:
            try:
                answer: Reply = ask()
                known = answer.status in (200, 201, 402, 409) and answer.json is not None
            except (OSError, http.client.HTTPException, ValueError):
                return None
            return answer if known else None

        return attempt() if once else until(attempt, "a definite answer")


@pytest.fixture(scope="module")
def storm() -> Any:
    """A simulator after the storm, and the answers that its caller got."""
    with Simulator() as psp:
        psp.api.faults(*FAULTS)
        psp.api.control("PUT", "seed", {"seed": 19})
        assert psp.api.document
        caller = Caller(psp.api)
        with ThreadPoolExecutor(WORKERS) as pool:
            payments = [pool.submit(caller.pay, number) for number in range(PAYMENTS)]
            for kill in range(1, KILLS + 1):
                until(lambda wanted=kill: len(caller.answers) >= wanted * 3 * PAYMENTS / (KILLS + 1), "progress")  # type: ignore[misc]
                psp.kill()
                psp.start()
            for payment in payments:
                payment.result()
        psp.api.faults()
        yield psp, caller


def test_every_answer_is_the_truth(storm: tuple[Simulator, Caller]) -> None:
    psp, caller = storm
    assert len(caller.answers) == 3 * PAYMENTS
    for reference, answer in caller.answers.items():
        found = psp.api.enquire(reference).json
        told = answer.json.get("operation", answer.json)
        assert answer.json.get("code") == "CANCELLED" or told == found, reference
        assert found == psp.api.journal(reference)[-1]["operation"]
        assert found["state"] in ("APPROVED", "DECLINED", "CANCELLED"), reference


def test_nothing_moved_twice(storm: tuple[Simulator, Caller]) -> None:
    psp, _ = storm
    truth = {entry["reference"]: entry["operation"] for entry in psp.api.journal() if entry["operation"]}
    day = psp.api.control("GET", "clock")["now"][:10]
    earlier = truth["p0-authorization-1"]["receivedAt"][:10]  # midnight may have come
    psp.api.control("PUT", "clock", {"advance": 86_400})
    files = [psp.api.get(f"/v1/settlements/{one}.csv").text for one in sorted({day, earlier})]
    rows = [row for text in files for row in csv.DictReader(io.StringIO(text)) if row["record"] == "movement"]
    moved = Counter(row["reference"] for row in rows)
    expected = {
        reference
        for reference, found in truth.items()
        if found["state"] == "APPROVED" and found["kind"] in ("capture", "refund")
    }
    assert moved == Counter(expected)
    assert sum(int(row["gross"]) for row in rows) == sum(
        truth[reference]["amount"] * (1 if truth[reference]["kind"] == "capture" else -1) for reference in expected
    )
    assert len(expected) > PAYMENTS / 2, "the storm let something through"


def test_an_operation_or_its_tombstone_never_both(simulator: Simulator) -> None:
    api = simulator.api
    assert api.document
    pairs = range(200)
    with ThreadPoolExecutor(32) as pool:
        held = list(pool.map(lambda number: api.authorize(f"race-{number}"), pairs))
        assert {one.status for one in held} == {201}

        def either(number: int) -> Reply:
            reference, original = f"race-{number // 2}-c", number % 2 == (number // 2) % 2
            if original:
                return api.operate("capture", reference, authorization=f"race-{number // 2}")
            return api.cancel(reference)

        answers = list(pool.map(either, range(2 * len(pairs))))
    seen: Counter[bool] = Counter()
    for number in pairs:
        pair = answers[2 * number : 2 * number + 2]
        original, cancel = pair if number % 2 == 0 else pair[::-1]
        happened, buried = original.status == 201, cancel.json["cancelled"]
        assert happened != buried, f"race-{number}: {original.text} {cancel.text}"
        assert buried == (original.json.get("code") == "CANCELLED")
        state = api.enquire(f"race-{number}-c").json["state"]
        assert state == ("APPROVED" if happened else "CANCELLED")
        rest = api.operate("capture", f"race-{number}-rest", authorization=f"race-{number}")
        assert (rest.status == 402) == happened, "what was cancelled has taken nothing"
        seen[happened] += 1
    assert min(seen[True], seen[False]) > 0, f"no race: {seen}"
