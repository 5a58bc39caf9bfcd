"""A run: the lines of one file, in any order, against our operations. A function of both and the time. Pure.

A line that agrees outright is passed on and forgotten. Kept are the ids of operations that are taken, and at most HELD
lines, which are left: so memory is bounded, and what a line is matched with does not depend on those before it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from payments.reconciliation.rules import (
    Agreed,
    ExceptionClass,
    ExceptionState,
    Expected,
    Fee,
    Found,
    Line,
    Match,
    ReconException,
    Rule,
    Settled,
    absent,
    decision,
    difference,
    is_owed,
    is_unfounded,
    may_have_moved,
)
from payments.reconciliation.survey import Survey, survey

Lookup = Callable[[Sequence[str]], Mapping[str, Expected]]
"""References, at most CHUNK, → our operations that have them; those that do not exist are absent."""
Item = TypeVar("Item")


class Ours(NamedTuple):
    """Our side. None of it changes during a run."""

    settled: Callable[[Sequence[str]], Mapping[str, Settled]]
    """References, at most CHUNK, → those of our operations about which nothing else is to be known; or fewer of them.

    For speed alone: of the others, and of lines that are not as they say, all rules are asked.
    """
    by_reference: Lookup
    by_acquirer_reference: Lookup
    owed: Callable[[], Iterable[Expected]]
    """Operations that no file has named, each once: those of the day, and older ones; and what is unfounded."""


class RunRefused(Exception):
    """The run cannot be finished, and what it has yielded does not count."""


class TooManyDiffer(RunRefused):
    """So many lines do not agree that the file is not about our operations: it is refused for good."""


CHUNK: Final = 100
"""References that are looked up at once: what keeps the database busy for less than a millisecond."""
HELD: Final = 100_000
"""Lines that may be left: a file with more is not about our operations."""
_ROUNDS: Final = (
    (Rule.OUR_REFERENCE, True),
    (Rule.ACQUIRER_REFERENCE, True),
    (Rule.ACQUIRER_REFERENCE, False),
    (Rule.OUR_REFERENCE, False),
)
"""By what lines that are left are matched, and whether they have to agree: each round only gets what the last left."""


def reconcile(
    lines: Callable[[], Iterable[Line]], ours: Ours, fee: Fee, now: datetime, held: int = HELD
) -> Iterator[Found]:
    """A whole run: `lines` is called twice, and gives the same both times."""
    run = Run(ours, fee, held)
    yield from run.of_lines(lines(), survey(lines()))
    yield from run.absent(now)


class Run:
    """One run. Call its methods in their order, each once."""

    def __init__(self, ours: Ours, fee: Fee, held: int = HELD) -> None:
        """`held`: lines that may be left."""
        self._ours = ours
        self._fee = fee
        self._limit = held
        self._taken: set[int] = set()
        self._held: list[Line] = []
        self._count = 0
        self.unfounded: list[int] = []
        """Operations without money that a line of an earlier file is matched with. Whole when `absent` has ended."""

    def of_lines(self, lines: Iterable[Line], surveyed: Survey) -> Iterator[Found]:
        """Matches, exceptions, and what undecided operations have become by this file.

        Each line is in one Match, or in one exception that is no FEE. Raises RunRefused; what was yielded before does
        not count.
        """
        yield from self._outright(lines, surveyed.repeated)
        if self._count != surveyed.lines:
            raise RunRefused(f"{surveyed.lines} lines, and {self._count} when they were read again")
        yield from self._rest()

    def absent(self, now: datetime) -> Iterator[ReconException]:
        """Operations that are owed and that neither this file names nor one before."""
        for operation in self._ours.owed():
            if is_unfounded(operation):
                self.unfounded.append(operation.operation_id)
            elif is_owed(operation) and operation.operation_id not in self._taken:
                yield absent(operation, now)

    def _outright(self, lines: Iterable[Line], repeated: frozenset[int]) -> Iterator[Found]:
        """Lines whose reference is theirs alone and whose operation agrees. The others are held."""
        for chunk in _chunks(lines):
            self._count += len(chunk)
            agreed, others = self._plain(chunk, repeated)
            if agreed.lines:
                yield agreed
            found = self._ours.by_reference([line.reference for line in others]) if others else {}
            for line in others:
                operation = found.get(line.reference)
                if operation is None or hash(line.reference) in repeated or not self._agrees(line, operation):
                    self._hold(line)
                else:
                    yield from self._pair(line, operation, Rule.OUR_REFERENCE)

    def _plain(self, lines: Sequence[Line], repeated: frozenset[int]) -> tuple[Agreed, list[Line]]:
        """Lines of which no rule has anything more to say than that they are matched; and the others."""
        agreed, ids, others = list[Line](), list[int](), list[Line]()
        settled = self._ours.settled([line.reference for line in lines])
        for line in lines:
            reference, _, kind, currency, gross, fee, _ = line
            found = settled.get(reference)
            if (
                found is not None
                and found.kind is kind
                and found.currency == currency
                and found.gross == gross
                and fee == self._fee(kind, abs(gross), currency)
                and hash(reference) not in repeated
            ):
                agreed.append(line)
                ids.append(found.operation_id)
            else:
                others.append(line)
        self._taken.update(ids)
        return Agreed(agreed, ids), others

    def _rest(self) -> Iterator[Found]:
        """The lines that are held."""
        operations = {
            Rule.OUR_REFERENCE: self._all(self._ours.by_reference, {line.reference for line in self._held}),
            Rule.ACQUIRER_REFERENCE: self._all(
                self._ours.by_acquirer_reference, {line.acquirer_reference for line in self._held}
            ),
        }
        left = self._held
        for rule, has_to_agree in _ROUNDS:
            pairs, left = _paired(left, rule, operations[rule])
            for line, operation in sorted(pairs, key=self._order):
                fits = self._agrees(line, operation) if has_to_agree else self._is_free(operation)
                if fits:
                    yield from self._pair(line, operation, rule)
                else:
                    left.append(line)
        for line in sorted(left):
            named = [found for rule in Rule if (found := operations[rule].get(_name(line, rule)))]
            yield _of_unmatched(line, next(filter(may_have_moved, named), None) or next(iter(named), None))

    def _hold(self, line: Line) -> None:
        if len(self._held) == self._limit:
            raise TooManyDiffer(f"more than {self._limit} lines do not match outright")
        self._held.append(line)

    def _all(self, lookup: Lookup, references: set[str]) -> dict[str, Expected]:
        found: dict[str, Expected] = {}
        for chunk in _chunks(sorted(references)):
            found.update(lookup(chunk))
        return found

    def _is_free(self, operation: Expected) -> bool:
        return may_have_moved(operation) and not operation.used and operation.operation_id not in self._taken

    def _agrees(self, line: Line, operation: Expected) -> bool:
        return self._is_free(operation) and difference(line, operation) is None

    def _is_fee_right(self, line: Line, operation: Expected) -> bool:
        return line.fee == self._fee(operation.kind, operation.amount, operation.currency)

    def _order(self, pair: tuple[Line, Expected]) -> tuple[bool, bool, Line]:
        """Of lines about the same operation: that with the acquirer's id that we know, then that with the right fee."""
        line, operation = pair
        return (line.acquirer_reference != operation.acquirer_reference, not self._is_fee_right(line, operation), line)

    def _pair(self, line: Line, operation: Expected, rule: Rule) -> Iterator[Found]:
        self._taken.add(operation.operation_id)
        if differs := difference(line, operation):
            yield ReconException(differs, ExceptionState.OPEN, line, operation)
            return
        yield Match(line, operation, rule)
        if not self._is_fee_right(line, operation):
            yield ReconException(ExceptionClass.FEE, ExceptionState.OPEN, line, operation)
        if told := decision(line, operation):
            yield told


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    source = iter(items)
    while chunk := list(islice(source, CHUNK)):
        yield chunk


def _name(line: Line, rule: Rule) -> str:
    return line.reference if rule is Rule.OUR_REFERENCE else line.acquirer_reference


def _paired(
    lines: Iterable[Line], rule: Rule, operations: Mapping[str, Expected]
) -> tuple[list[tuple[Line, Expected]], list[Line]]:
    """Lines with the operation that they name, and lines that name none."""
    pairs, left = [], []
    for line in lines:
        operation = operations.get(_name(line, rule))
        if operation is None:
            left.append(line)
        else:
            pairs.append((line, operation))
    return pairs, left


def _of_unmatched(line: Line, operation: Expected | None) -> ReconException:
    is_known = operation is not None and may_have_moved(operation)
    of_class = ExceptionClass.DUPLICATE if is_known else ExceptionClass.UNKNOWN_TO_US
    return ReconException(of_class, ExceptionState.OPEN, line, operation)
