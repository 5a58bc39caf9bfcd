"""`settle approve`, `export`, `content`, `confirm`, `return`: what operators do with closed batches, at a terminal.

`worker.cli.settle` runs them, says why one is refused, and has the exit codes.
"""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine

from payments.cli.option_types import DONE, reason, whole_number
from payments.merchants.rules import Mode
from payments.platform.clock import database_now
from payments.platform.json_types import JsonObject, members
from payments.platform.values.money import DECIMALS
from payments.settlement import payout_view, payouts, view
from payments.settlement.pain_001 import Account
from payments.settlement.payout_file import Format
from worker.cli.repair import ToolSettings

Change = Callable[[Connection, datetime], JsonObject]


def add_actions(actions: Any) -> None:
    """Declare these actions among those of `settle` (what `add_subparsers` returns)."""
    steps = {
        "approve": "approve a batch that is closed; a second operator has to, too, above a limit",
        "confirm": "say that the bank has paid a batch",
        "return": "say that the bank could not pay a batch: its money is the merchant's again",
    }
    changing = [actions.add_parser(name, help=help_text) for name, help_text in steps.items()]
    for action in changing:
        action.add_argument("batch_id", metavar="BATCH", type=whole_number, help="the batch")
    export = actions.add_parser("export", help="put the approved batches of a currency into a new payout file")
    export.add_argument("currency", metavar="CURRENCY", choices=sorted(DECIMALS), help="such as EUR")
    export.add_argument("--format", type=Format, choices=[*Format], default=Format.CSV, help="PAIN_001: for a bank")
    export.add_argument("--mode", type=Mode, choices=[*Mode], default=Mode.LIVE, help="whose batches (default LIVE)")
    for action in (*changing, export):
        action.add_argument("--reason", type=reason, required=True, help="why, 1 to 500 characters")
    content = actions.add_parser("content", help="print the bytes of a payout file")
    content.add_argument("file_id", metavar="FILE", type=whole_number, help="its id, as export prints it")


def change(engine: Engine, step: Change) -> int:
    """Run a step in a transaction of its own, then print what it returns: one JSON object."""
    with engine.begin() as connection:
        done = step(connection, database_now(connection))
    print(json.dumps(done, default=members))  # what is not stored must not be shown
    return DONE


def _step(engine: Engine, settings: ToolSettings, options: argparse.Namespace) -> int:
    said, limits = (options.batch_id, settings.actor, options.reason), settings.second_operator_above
    changes: dict[str, Change] = {
        "approve": lambda c, now: view.batch(c, payouts.approve(c, *said, limits, now)),
        "confirm": lambda c, now: view.batch(c, payouts.confirm(c, *said, now)),
        "return": lambda c, now: view.batch(c, payouts.give_back(c, *said, now)),
    }
    return change(engine, changes[options.action])


def _export(engine: Engine, settings: ToolSettings, options: argparse.Namespace) -> int:
    debtor = None if settings.payout_account is None else Account(*settings.payout_account)
    wanted = (options.currency, options.mode, options.format, settings.actor, options.reason, debtor)
    return change(engine, lambda c, now: payout_view.payout_file(payouts.export(c, *wanted, now)))


def _content(engine: Engine, _settings: ToolSettings, options: argparse.Namespace) -> int:
    with engine.connect().execution_options(reading=True) as connection:
        _name, data = payout_view.content(connection, options.file_id)
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return DONE


ACTIONS: Final = {"approve": _step, "confirm": _step, "return": _step, "export": _export, "content": _content}
"""What these actions do, by their names. What is stored may refuse one: a Permanent."""
