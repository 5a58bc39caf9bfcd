"""Settlement files and the clock: signs, fees, sums, final days, the same bytes each time."""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from psp import clock, settlement
from psp.operations import Command, Kind
from psp.settlement import COLUMNS
from tests.psp.in_memory import InMemory
from tests.psp.simulator import CONTROL, Client, Simulator

DAY = "2030-05-17"


@pytest.fixture(scope="module")
def psp() -> Iterator[Client]:
    """A simulator whose clock is frozen at noon."""
    with Simulator() as running:
        running.api.control("PUT", "clock", {"set": f"{DAY}T12:00:00Z", "frozen": True})
        yield running.api


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def file_of(psp: Client, day: str) -> str:
    reply = psp.get(f"/v1/settlements/{day}.csv")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/csv; charset=utf-8"), reply
    return reply.text


def test_a_day_from_its_movements_to_its_file(psp: Client) -> None:
    for currency in ("USD", "KRW"):
        held = f"a-{currency}"
        psp.authorize(held, amount=10_000, currency=currency)
        psp.operate("capture", f"c-{currency}", authorization=held, amount=9_999, currency=currency)
        psp.operate("refund", f"r-{currency}", authorization=held, amount=99, currency=currency)
        psp.operate("void", f"v-{currency}", authorization=held, amount=1, currency=currency)
        psp.operate("refund", f"d-{currency}", authorization=held, amount=10**6, currency=currency)
    early = psp.get(f"/v1/settlements/{DAY}.csv")
    assert (early.status, early.json["code"]) == (409, "NOT_FINAL")
    psp.control("PUT", "clock", {"set": f"{DAY}T23:59:59.999999Z"})
    assert psp.get(f"/v1/settlements/{DAY}.csv").status == 409
    psp.control("PUT", "clock", {"advance": 0.000001})
    text = file_of(psp, DAY)
    assert text.splitlines()[0] == ",".join(COLUMNS)
    told = [[row[name] for name in ("record", "number", "reference", "gross", "fee", "net")] for row in rows(text)]
    assert told == [
        ["movement", "1", "c-USD", "9999", "160", "9839"],
        ["movement", "2", "r-USD", "-99", "0", "-99"],
        ["movement", "3", "c-KRW", "9999", "250", "9749"],
        ["movement", "4", "r-KRW", "-99", "0", "-99"],
        ["total", "2", "", "9900", "250", "9650"],
        ["total", "2", "", "9900", "160", "9740"],
        ["end", "4", "", "", "", ""],
    ]
    first, end = rows(text)[0], rows(text)[-1]
    assert end["at"] == DAY
    assert first["id"] == psp.enquire("c-USD").json["id"]
    assert (first["kind"], first["authorization"], first["at"]) == ("capture", "a-USD", f"{DAY}T12:00:00.000000Z")


def test_a_file_never_changes(psp: Client) -> None:
    test_day = (date.fromisoformat(DAY) + timedelta(days=1)).isoformat()
    before = file_of(psp, DAY)
    psp.authorize("a-later")
    psp.operate("capture", "c-later", authorization="a-later")
    back = psp.ask("PUT", "/_control/clock", {"set": f"{DAY}T12:00:00Z"}, CONTROL)
    assert (back.status, back.json["code"]) == (409, "CLOCK_BACKWARDS")
    assert file_of(psp, DAY) == before
    psp.control("PUT", "clock", {"advance": 86_400})
    assert [row["reference"] for row in rows(file_of(psp, test_day)) if row["record"] == "movement"] == ["c-later"]
    assert file_of(psp, DAY) == before


def test_a_day_without_movements_has_a_file(psp: Client) -> None:
    assert file_of(psp, "1999-12-31").splitlines()[1:] == ["end,0,,,,,1999-12-31,,,,"]


def test_a_file_of_several_pages_has_every_movement_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlement, "PAGE", 2)
    made = InMemory()
    for number in range(5):
        made.acquirer.operate(Command(Kind.AUTHORIZATION, f"a{number}", 100, "USD", token="tok_approved"))
        made.acquirer.operate(Command(Kind.CAPTURE, f"c{number}", 100, "USD", authorization=f"a{number}"))
    text = "".join(settlement.lines(made.connection, clock.day_of(made.now), lambda query: query()))
    told = [(row["record"], row["number"], row["reference"]) for row in rows(text)]
    assert told[:5] == [("movement", str(number + 1), f"c{number}") for number in range(5)]
    assert told[5:] == [("total", "5", ""), ("end", "5", "")]
    made.close()


def test_the_clock_is_set_advanced_frozen_and_let_go() -> None:
    with Simulator() as running:
        change: Any = lambda **value: running.api.control("PUT", "clock", value)  # noqa: E731
        assert change(set="2040-01-01T00:00:00Z", frozen=True)["now"] == "2040-01-01T00:00:00.000000Z"
        assert running.api.control("GET", "clock")["now"] == "2040-01-01T00:00:00.000000Z"
        assert change(advance=1.5)["now"] == "2040-01-01T00:00:01.500000Z"
        running.kill()
        running.restart()
        assert running.api.control("GET", "clock")["now"] == "2040-01-01T00:00:01.500000Z"
        running_on = change(frozen=False)
        assert (running_on["frozen"], running_on["now"] > "2040-01-01T00:00:01.500000Z") == (False, True)
        assert 86_399 < change(offset=86_400 * 9000)["offsetSeconds"] / 9000 < 86_401
        assert running.api.ask("DELETE", "/_control/clock", key=CONTROL).json["code"] == "CLOCK_BACKWARDS"
