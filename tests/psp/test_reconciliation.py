"""A day at the simulator, whose file the platform's reconciliation reads: all agrees but for what is planted."""

import hashlib
from datetime import UTC, datetime

from payments.acquiring.connector import Kind
from payments.acquiring.rules import Learned, State, Told
from payments.reconciliation.file import SettlementFile
from payments.reconciliation.profile import SIMULATOR
from payments.reconciliation.reconcile import reconcile
from payments.reconciliation.rules import Expected
from tests.psp.simulator import Client, Simulator
from tests.unit.reconciliation.made import Result, file_of, ours, result

AT = datetime(2030, 5, 17, 12, tzinfo=UTC)
LATER = datetime(2030, 5, 21, tzinfo=UTC)


def made(psp: Client, number: int, kind: Kind, amount: int, currency: str) -> Expected:
    """An operation there, and the same here."""
    reference = f"00-{currency}-{kind}-{number}"
    reply = psp.operate(kind.value, reference, authorization=f"a-{currency}", amount=amount, currency=currency)
    return Expected(number, reference, reply.json["id"], kind, currency, amount, State.APPROVED, AT)


def run(data: bytes, operations: list[Expected]) -> Result:
    return result(reconcile(file_of(data), ours(operations), SIMULATOR.expected_fee, LATER), operations)


def test_a_file_of_the_simulator_is_reconciled() -> None:
    with Simulator() as running:
        psp = running.api
        psp.control("PUT", "clock", {"set": "2030-05-17T12:00:00Z", "frozen": True})
        operations: list[Expected] = []
        for currency in ("USD", "KRW", "KWD"):
            psp.authorize(f"a-{currency}", amount=10**6, currency=currency)
            for kind, amount in ((Kind.CAPTURE, 9_999), (Kind.CAPTURE, 33), (Kind.REFUND, 5_000)):
                operations.append(made(psp, len(operations) + 1, kind, amount, currency))
        psp.control("PUT", "clock", {"advance": 43_200})
        data = psp.get("/v1/settlements/2030-05-17.csv").text.encode()
    file = SettlementFile([data], SIMULATOR)
    assert len(list(file.lines())) == len(operations)
    assert file.digest == hashlib.sha256(data).hexdigest()
    got = run(data, operations)
    assert (len(got.matches), got.exceptions, got.told) == (len(operations), [], [])

    unknown = operations[0]._replace(state=State.UNKNOWN, acquirer_reference=None)
    off_by_one = operations[1]._replace(amount=operations[1].amount + 1)
    absent = operations[2]._replace(operation_id=99, reference="00-9-capture-1", acquirer_reference="op_9")
    known = [unknown, off_by_one, absent, *operations[2:-1]]
    got = run(data, known)
    assert len(got.matches) == len(operations) - 2
    assert got.classes == ["AMOUNT OPEN", "MISSING_AT_ACQUIRER OPEN", "UNKNOWN_TO_US OPEN"]
    assert got.told == [Told(unknown.reference, Learned.APPROVED, acquirer_reference=operations[0].acquirer_reference)]
