"""`reconcile exceptions`, `resolve`, `write-off`: what operators do about differences, at a terminal.

`worker.cli.reconcile` has the other actions, and the exit codes.
"""

import argparse
import json
from typing import Any, Final

from sqlalchemy import Engine

from payments.cli.option_types import DONE, reason, refused, whole_number
from payments.platform.clock import database_now
from payments.platform.errors import Permanent
from payments.platform.json_types import members
from payments.platform.values.money import format_amount
from payments.reconciliation import desk, view
from payments.reconciliation.desk_store import Wanted
from payments.reconciliation.rules import ExceptionClass, ExceptionState
from payments.reconciliation.view import ReconException
from worker.cli import messages
from worker.cli.dead_letter_table import printable
from worker.cli.repair import ToolSettings

LIMIT: Final = 50
NONE: Final = "There are no such exceptions."
_LINE: Final = "{:>6} {:19} {:11} {:19} {:>20} {:>7} {:>9} {}"
_TITLES: Final = ("ID", "CLASS", "STATE", "SINCE", "SUSPENSE", "LINE", "PAYMENT", "PROPOSAL")
_ENDS: Final[dict[str, desk.End]] = {"resolve": desk.resolve, "write-off": desk.write_off}


def add_actions(actions: Any) -> None:
    """Declare these actions among those of `reconcile` (what `add_subparsers` returns)."""
    listing = actions.add_parser("exceptions", help="list differences, newest first")
    listing.add_argument("--class", dest="exception_class", choices=[*ExceptionClass], help="only of this class")
    listing.add_argument("--state", choices=[*ExceptionState], help="only in this state")
    listing.add_argument("--file", metavar="FILE", type=whole_number, help="only about lines of this file")
    listing.add_argument("--limit", type=whole_number, default=LIMIT, help=f"at most so many (default {LIMIT})")
    listing.add_argument("--json", action="store_true", help="print one JSON object")
    ends = {
        "resolve": "the difference is explained; above a limit a second operator has to say so, too",
        "write-off": "nobody will explain the difference; above a limit a second operator has to say so, too",
    }
    for name, help_text in ends.items():
        action = actions.add_parser(name, help=help_text)
        action.add_argument("exception_id", metavar="ID", type=whole_number, help="the exception")
        action.add_argument("--reason", type=reason, required=True, help="why, 1 to 500 characters")


def run(engine: Engine, settings: ToolSettings, options: argparse.Namespace) -> int:
    """Run one of ACTIONS. What is stored may refuse it: one sentence on stderr."""
    try:
        return ACTIONS[options.action](engine, settings, options)
    except Permanent as error:
        return refused(error)


def _exceptions(engine: Engine, _settings: ToolSettings, options: argparse.Namespace) -> int:
    wanted = Wanted(options.exception_class, options.state, None, options.file)
    with engine.connect().execution_options(reading=True) as connection:
        items, following = view.exceptions(connection, wanted, None, options.limit)
    if options.json:
        print(json.dumps({"items": items}, default=members))
        return DONE
    print("\n".join([_LINE.format(*_TITLES).rstrip(), *map(_line, items)]) if items else NONE)
    if following is not None:
        print(messages.more(10 * options.limit))
    return DONE


def _line(one: ReconException) -> str:
    proposal = "" if one.proposal is None else f"{one.proposal} by {printable(str(one.proposed_by))}"
    return _LINE.format(
        one.exception_id,
        one.class_,
        one.state,
        one.opened_at[:19].replace("T", " "),
        format_amount(one.suspense, one.currency),
        "" if one.line is None else one.line.number,
        "" if one.operation is None else one.operation.payment_id,
        proposal,
    ).rstrip()


def _end(engine: Engine, settings: ToolSettings, options: argparse.Namespace) -> int:
    """Prints the exception as it is now: ended, or with the proposal that a second operator has to agree to."""
    what = (options.exception_id, options.reason, settings.actor, settings.second_operator_above)
    with engine.begin() as connection:
        ended = _ENDS[options.action](connection, *what, database_now(connection))
    print(json.dumps(view.exception(ended), default=members))  # after the commit: what is not stored must not be shown
    return DONE


ACTIONS: Final = {"exceptions": _exceptions, "resolve": _end, "write-off": _end}
