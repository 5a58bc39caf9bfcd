"""Checks of an acquirer's file: its sums, its lines, its matches, its postings. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping

from payments.audit.money_out.file_sums import AuditedFile, ExceptionSums, LineSums, Total
from payments.audit.money_out.sources import Net, differs, net, together, wrong_postings
from payments.ledger.rules import Account
from payments.reconciliation.rules import FileState


def file_faults(file: AuditedFile) -> Iterator[str]:
    """What is wrong about a file. Of one that is not DONE nothing may be posted."""
    if file.state != FileState.DONE:
        yield from wrong_postings(file.posted, Counter())
        return
    yield from wrong_postings(file.posted, together(_of(*item) for item in file.totals.items()))
    for currency, total in sorted(file.totals.items()):
        yield from differs(f"net {currency}", total.net, total.gross - total.fee)
        explained = total.matched_gross - total.matched_fee + total.suspense
        yield from differs(f"net {currency}, matched and in suspense,", explained, total.net)
        suspense = file.exceptions.get(currency, ExceptionSums()).suspense
        yield from differs(f"suspense {currency}", total.suspense, suspense)
    if file.lines is not None:
        yield from _lines(file, file.lines)


def _of(currency: str, total: Total) -> Net:
    debits = {
        Account.BANK: total.net,
        Account.ACQUIRER_FEE_EXPENSE: total.matched_fee,
        Account.ACQUIRER_RECEIVABLE: -total.matched_gross,
        Account.RECONCILIATION_SUSPENSE: -total.suspense,
    }
    return net(currency, None, debits)


def _lines(file: AuditedFile, by_currency: Mapping[str, LineSums]) -> Iterator[str]:
    yield from differs("its number of lines", file.line_count, sum(sums.lines for sums in by_currency.values()))
    yield from differs("its number of matches", file.matched, sum(sums.matched for sums in by_currency.values()))
    for currency in sorted(file.totals.keys() | by_currency.keys() | file.exceptions.keys()):
        total = file.totals.get(currency, Total())
        lines = by_currency.get(currency, LineSums())
        exceptions = file.exceptions.get(currency, ExceptionSums())
        yield from differs(f"gross {currency}", total.gross, lines.gross)
        yield from differs(f"fee {currency}", total.fee, lines.fee)
        yield from differs(f"matched gross {currency}", total.matched_gross, lines.matched_gross)
        # a wrong fee's suspense is the contract's fee − the line's
        yield from differs(f"matched fee {currency}", total.matched_fee, lines.matched_paid + exceptions.of_fees)
        if lines.strays:
            yield f"{lines.strays} lines {currency} do not agree with the operations that they are matched with"
        if lines.without_money:
            yield (
                f"{lines.without_money} lines {currency} are matched with operations that ended without money,"
                f" the first is line {lines.first_without_money}:"
                " the search of the next settlement file makes exceptions of them"
            )
        unmatched = lines.lines - lines.matched
        yield from differs(f"the number of exceptions {currency} of unmatched lines", exceptions.unmatched, unmatched)
