"""`settle adjust`, `agree`, `withdraw`, `adjustments`: corrections of what a merchant is paid, at a terminal.

`worker.cli.settle` runs them, says why one is refused, and has the exit codes.
"""

import argparse
import json
from typing import Any, Final

from sqlalchemy import Engine

from payments.cli.option_types import DONE, identifier, reason, whole_number
from payments.platform.json_types import members
from payments.platform.values.money import DECIMALS, MAX_AMOUNT, format_amount
from payments.settlement import adjustment_view, adjustments
from payments.settlement.adjustment_view import SettlementAdjustment
from worker.cli import messages
from worker.cli.dead_letter_table import printable
from worker.cli.fees import LONGEST_ID
from worker.cli.payouts import change
from worker.cli.repair import ToolSettings

LIMIT: Final = 50
LONGEST_KEY: Final = 64
_LINE: Final = "{:>10} {:16} {:16} {:>20}  {:12} {}"
_TITLES: Final = ("ADJUSTMENT", "PROPOSED (UTC)", "POSTED (UTC)", "AMOUNT", "MERCHANT", "BY")


def add_actions(actions: Any) -> None:
    """Declare these actions among those of `settle` (what `add_subparsers` returns)."""
    adjust = actions.add_parser(
        "adjust", help="give a merchant something, or take it; above a limit a second operator has to agree"
    )
    adjust.add_argument("merchant_id", metavar="MERCHANT", type=identifier("merchant", LONGEST_ID), help="its id")
    adjust.add_argument("currency", metavar="CURRENCY", choices=sorted(DECIMALS), help="such as EUR")
    about = "minor units, such as 1250 or -1250: above 0 the merchant gets it, below 0 it pays"
    adjust.add_argument("amount", metavar="AMOUNT", type=_amount, help=about)
    about = "a text of your own, such as a ticket's number: said again with it, the adjustment is made once"
    adjust.add_argument("--key", metavar="KEY", type=identifier("key", LONGEST_KEY), help=about)
    agree = actions.add_parser("agree", help="agree to another operator's adjustment, which posts it")
    withdraw = actions.add_parser("withdraw", help="end an adjustment that waits for another operator: never post it")
    about = "its id, as adjustments prints it"
    for action in (agree, withdraw):
        action.add_argument("adjustment_id", metavar="ADJUSTMENT", type=whole_number, help=about)
    for action in (adjust, agree, withdraw):
        action.add_argument("--reason", type=reason, required=True, help="why, 1 to 500 characters")
    listing = actions.add_parser("adjustments", help="list adjustments, newest first")
    listing.add_argument("--limit", type=whole_number, default=LIMIT, help=f"at most so many (default {LIMIT})")
    listing.add_argument("--json", action="store_true", help="print one JSON object")


def _adjust(engine: Engine, settings: ToolSettings, options: argparse.Namespace) -> int:
    wanted = (options.merchant_id, options.currency, options.amount, options.reason)
    said = (*wanted, settings.actor, settings.second_operator_above)
    return change(
        engine,
        lambda c, now: adjustment_view.adjustment(adjustments.propose(c, *said, now, key=options.key).adjustment),
    )


def _answer(engine: Engine, settings: ToolSettings, options: argparse.Namespace) -> int:
    said = (options.adjustment_id, settings.actor, options.reason)
    answer = adjustments.agree if options.action == "agree" else adjustments.withdraw
    return change(engine, lambda c, now: adjustment_view.adjustment(answer(c, *said, now)))


def _list(engine: Engine, _settings: ToolSettings, options: argparse.Namespace) -> int:
    with engine.connect().execution_options(reading=True) as connection:
        items, following = adjustment_view.adjustments(connection, None, options.limit)
    if options.json:
        print(json.dumps({"items": items}, default=members))
        return DONE
    print("\n".join([_LINE.format(*_TITLES), *map(_line, items)]) if items else messages.NO_ADJUSTMENTS)
    if following is not None:
        print(messages.more(10 * options.limit))
    return DONE


def _line(one: SettlementAdjustment) -> str:
    return _LINE.format(
        one.adjustment_id,
        _minute(one.created_at),
        _posted(one),
        format_amount(one.amount, one.currency),
        printable(one.merchant_id),
        ", ".join(printable(name) for name in (one.proposed_by, one.agreed_by, one.withdrawn_by) if name),
    )


def _posted(one: SettlementAdjustment) -> str:
    if one.withdrawn_at is not None:
        return messages.WITHDRAWN
    return "-" if one.posted_at is None else _minute(one.posted_at)


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")


def _amount(text: str) -> int:
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdecimal() and len(digits) < 20 and 0 < int(digits) <= MAX_AMOUNT:
        return int(text)
    raise argparse.ArgumentTypeError(messages.NOT_AN_ADJUSTMENT)


ACTIONS: Final = {"adjust": _adjust, "agree": _answer, "withdraw": _answer, "adjustments": _list}
"""What these actions do, by their names. What is stored may refuse one: a Permanent."""
