"""A generated day with k differences of each class: each is found in its class, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest

from payments.acquiring.connector import Kind
from payments.acquiring.rules import Learned, State
from payments.reconciliation.reconcile import reconcile
from payments.reconciliation.rules import Expected, Line, ReconException
from tests.unit.reconciliation.made import LATELY, NOW, day, fee, file_of, line, ours, result, text


@dataclass
class Planted:
    """Lines and operations, and what must be found: (class and state, reference)."""

    lines: list[Line] = field(default_factory=list)
    operations: list[Expected] = field(default_factory=list)
    found: set[tuple[str, str]] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    matched: set[int] = field(default_factory=set)


def changed(
    of_class: str, change: Callable[[Line], Line], is_match: bool = False
) -> Callable[[Planted, Expected], None]:
    def plant(planted: Planted, one: Expected) -> None:
        planted.operations.append(one)
        planted.lines.append(change(line(one)))
        planted.found.add((f"{of_class} OPEN", one.reference))
        if is_match:
            planted.matched.add(one.operation_id)

    return plant


def clean(planted: Planted, one: Expected) -> None:
    planted.operations.append(one)
    planted.lines.append(line(one))
    planted.matched.add(one.operation_id)


def duplicate(planted: Planted, one: Expected) -> None:
    clean(planted, one)
    planted.lines.append(line(one))
    planted.found.add(("DUPLICATE OPEN", one.reference))


def matched_before(planted: Planted, one: Expected) -> None:
    planted.operations.append(one._replace(used=True))
    planted.lines.append(line(one))
    planted.found.add(("DUPLICATE OPEN", one.reference))


def missing(planted: Planted, one: Expected) -> None:
    planted.operations.append(one)
    planted.found.add(("MISSING_AT_ACQUIRER OPEN", one.reference))


def waiting(planted: Planted, one: Expected) -> None:
    planted.operations.append(one._replace(at=LATELY))
    planted.found.add(("MISSING_AT_ACQUIRER WAITING", one.reference))


def unknown(planted: Planted, one: Expected) -> None:
    planted.lines.append(line(one))
    planted.found.add(("UNKNOWN_TO_US OPEN", one.reference))


def declined(planted: Planted, one: Expected) -> None:
    unknown(planted, one)
    planted.operations.append(one._replace(state=State.DECLINED))


def undecided(planted: Planted, one: Expected) -> None:
    clean(planted, one._replace(state=State.UNKNOWN if one.operation_id % 2 else State.MANUAL))
    planted.told.add(one.reference)


def by_their_name(planted: Planted, one: Expected) -> None:
    clean(planted, one)
    planted.lines[-1] = planted.lines[-1]._replace(reference=f"mangled-{one.operation_id}")


def other_kind(of: Line) -> Line:
    return of._replace(kind=Kind.CAPTURE if of.kind is Kind.REFUND else Kind.REFUND)


KINDS = (
    changed("AMOUNT", lambda of: of._replace(gross=of.gross + 1)),
    changed("AMOUNT", lambda of: of._replace(gross=of.gross - 1)),
    changed("AMOUNT", lambda of: of._replace(gross=-of.gross)),
    changed("CURRENCY", lambda of: of._replace(currency="JPY")),
    changed("TYPE", other_kind),
    changed("FEE", lambda of: of._replace(fee=of.fee + 1), is_match=True),
    changed("FEE", lambda of: of._replace(fee=of.fee - 1), is_match=True),
    *(duplicate, matched_before, missing, waiting, unknown, declined),
)
"""What plants one exception each."""
WITHOUT = (undecided, by_their_name)


def planted(size: int, each: int, seed: int) -> Planted:
    """`each` differences of every kind among `size` operations, and lines in any order."""
    made = Planted()
    draw = Random(seed)
    plants = [plant for plant in KINDS + WITHOUT for _ in range(each)]
    plants += [clean] * (size - len(plants))
    draw.shuffle(plants)
    for plant, one in zip(plants, day(size, seed), strict=True):
        plant(made, one._replace(amount=min(one.amount, 10**12 - 1)))  # one more is still an amount
    draw.shuffle(made.lines)
    return made


def named(found: ReconException) -> str:
    about = found.operation or found.line
    assert about is not None
    return about.reference


@pytest.mark.parametrize(("each", "seed"), [(0, 1), (1, 2), (25, 3)])
def test_each_difference_is_found_in_its_class_and_nothing_else(each: int, seed: int, long: bool) -> None:
    made = planted(100_000 if long else 2_000, each, seed)
    lines = file_of(text(made.lines))
    got = result(reconcile(lines, ours(made.operations), fee, NOW), made.operations)
    found = [(f"{one.exception_class} {one.state}", named(one)) for one in got.exceptions]
    assert len(found) == len(made.found) == len(KINDS) * each
    assert set(found) == made.found
    assert sorted(one.operation.operation_id for one in got.matches) == sorted(made.matched)
    assert len({one.line.number for one in got.matches}) == len(got.matches), "a line matched twice"
    assert {(told.reference, told.learned) for told in got.told} == {(one, Learned.APPROVED) for one in made.told}
    assert got == result(reconcile(lines, ours(made.operations), fee, NOW), made.operations), "a run is a function"
