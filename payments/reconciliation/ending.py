"""What the end of an exception does to the ledger. Pure; amounts in minor units, with their sign.

The ledger has the line's money in suspense, and what the operation should bring in the receivable. An end moves both to
where they belong.
"""

from collections import Counter
from typing import Final, NamedTuple

from payments.ledger.rules import Account
from payments.platform.values.money import AmountsByCurrency
from payments.reconciliation.rules import ExceptionClass, ExceptionState


class Ending(NamedTuple):
    """The two sides of an exception.

    `suspense`: what its line has left in suspense, on the credit side, in `currency`; 0 where there is no line.
    `owed`: what its operation should have in the file (> 0: a capture), in `owed_currency`; 0 where there is none.
    """

    exception_class: ExceptionClass
    suspense: int
    currency: str
    owed: int
    owed_currency: str


class Movement(NamedTuple):
    """An amount from one account to another; a negative one goes the other way, and 0 nowhere."""

    debit: Account
    credit: Account
    amount: int
    currency: str


UNPAID: Final = frozenset(
    {ExceptionClass.TYPE, ExceptionClass.CURRENCY, ExceptionClass.AMOUNT, ExceptionClass.MISSING_AT_ACQUIRER}
)
"""Of these the operation is still in the receivable: no line was matched with it."""


def moves_operation(exception_class: ExceptionClass, end: ExceptionState) -> bool:
    """Whether this end takes what the operation should bring out of the receivable."""
    return exception_class in UNPAID and (end is ExceptionState.WRITTEN_OFF or exception_class is ExceptionClass.AMOUNT)


def movements(ending: Ending, end: ExceptionState) -> list[Movement]:
    """What the ledger gets when an exception ends as RESOLVED or WRITTEN_OFF. Raises ValueError for another state."""
    if end is ExceptionState.WRITTEN_OFF:
        return _written_off(ending)
    if end is ExceptionState.RESOLVED:
        return _resolved(ending)
    raise ValueError(f"{end} is no end of an exception")


def needs_two(ending: Ending, end: ExceptionState, limits: AmountsByCurrency) -> bool:
    """Whether an end takes two operators: it changes an account by more than the limit of that currency, or takes an
    operation above its currency's limit off the list. Raises as `movements`.
    """
    changed: Counter[tuple[Account, str]] = Counter()
    for debit, credit, amount, currency in movements(ending, end):
        changed[debit, currency] += amount
        changed[credit, currency] -= amount
    at_stake = [(abs(amount), currency) for (_, currency), amount in changed.items()]
    if ending.exception_class in UNPAID:
        # also where the end posts nothing of it: nobody asks the acquirer for it any more
        at_stake.append((abs(ending.owed), ending.owed_currency))
    return any(amount > limits.of(currency) for amount, currency in at_stake)


def _resolved(ending: Ending) -> list[Movement]:
    if ending.exception_class is ExceptionClass.AMOUNT:  # the acquirer's figure is right
        difference = ending.owed - ending.suspense
        return [
            _from_suspense(ending, Account.ACQUIRER_RECEIVABLE, ending.suspense),
            Movement(Account.ACQUIRER_FEE_EXPENSE, Account.ACQUIRER_RECEIVABLE, difference, ending.owed_currency),
        ]
    # the acquirer owes it, or is owed it; of a missing operation nothing is in suspense
    return [_from_suspense(ending, Account.ACQUIRER_RECEIVABLE, ending.suspense)]


def _written_off(ending: Ending) -> list[Movement]:
    lost = ending.owed if ending.exception_class in UNPAID else 0
    return [
        _from_suspense(ending, Account.ACQUIRER_FEE_EXPENSE, ending.suspense),
        Movement(Account.ACQUIRER_FEE_EXPENSE, Account.ACQUIRER_RECEIVABLE, lost, ending.owed_currency),
    ]


def _from_suspense(ending: Ending, to: Account, amount: int) -> Movement:
    return Movement(Account.RECONCILIATION_SUSPENSE, to, amount, ending.currency)
