"""`fees`: list fee schedules, and add a version of one, at a terminal. Needs only the database.

Exit codes: 0 done, 1 not done because of what is stored, 2 could not run.
"""

import argparse
import json
import sys
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.cli.option_types import (
    COULD_NOT_RUN,
    DONE,
    PlainParser,
    could_not_run,
    identifier,
    reason,
    refused,
    whole_number,
)
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.errors import Permanent
from payments.platform.json_types import members
from payments.platform.values.money import DECIMALS, MAX_AMOUNT
from payments.settlement import fee_schedules, schedule_view
from payments.settlement.fees import ANY_MERCHANT, FeeSchedule, OnRefund
from worker.cli.repair import STATEMENT_SECONDS, ToolSettings

LIMIT = 50
LONGEST_ID = 32


def add_fees(parser: argparse.ArgumentParser) -> None:
    """Options of `fees` and its two actions."""
    actions = parser.add_subparsers(dest="action", required=True, parser_class=PlainParser)
    listing = actions.add_parser("list", help="list versions, the newest added first")
    listing.add_argument("--limit", type=whole_number, default=LIMIT, help=f"at most so many (default {LIMIT})")
    adding = actions.add_parser("add", help="add a version; it never changes")
    currencies = sorted(DECIMALS)
    listing.add_argument("--currency", metavar="CURRENCY", choices=currencies, help="only of this currency")
    adding.add_argument("--currency", metavar="CURRENCY", choices=currencies, required=True, help="such as EUR")
    for action in (listing, adding):
        about = f"the merchant; {ANY_MERCHANT}: each that has none of its own"
        action.add_argument("--merchant", metavar="ID", type=identifier("merchant", LONGEST_ID), help=about)
    adding.add_argument(
        "--basis-points", type=_amount, required=True, help="hundredths of a percent of what is captured"
    )
    for name, help_text in {
        "fixed": "what each captured payment costs beside its share, in minor units (default 0)",
        "minimum": "the least that a captured payment costs (default 0)",
    }.items():
        adding.add_argument(f"--{name}", type=_amount, default=0, help=help_text)
    adding.add_argument("--maximum", type=_amount, help="the most that a captured payment costs (default: no limit)")
    adding.add_argument("--on-refund", type=OnRefund, choices=[*OnRefund], default=OnRefund.KEEP)
    adding.add_argument(
        "--valid-from",
        type=utc_time,
        required=True,
        metavar="TIME",
        help="such as 2030-05-17T00:00:00Z; an hour from now",
    )
    adding.add_argument("--reason", type=reason, required=True, help="why, 1 to 500 characters")


def run_fees(settings: ToolSettings, options: argparse.Namespace) -> int:
    """Run one action; prints one JSON object, every error is one sentence on stderr."""
    engine = create_engine(settings.database_url, pool_size=2, timeout=STATEMENT_SECONDS)
    try:
        return {"list": _list, "add": _add}[options.action](engine, settings.actor, options)
    except Permanent as error:
        return refused(error)
    except SQLAlchemyError as error:
        return could_not_run(engine, error)


def _list(engine: Engine, _actor: str, options: argparse.Namespace) -> int:
    with engine.connect().execution_options(reading=True) as connection:
        items, _ = schedule_view.schedules(connection, options.merchant, options.currency, None, options.limit)
    print(json.dumps({"items": items}, default=members))
    return DONE


def _add(engine: Engine, actor: str, options: argparse.Namespace) -> int:
    try:
        new = _schedule(options)
    except ValueError as impossible:
        print(f"There cannot be such a schedule: {impossible}.", file=sys.stderr)
        return COULD_NOT_RUN
    with engine.begin() as connection:
        stored = fee_schedules.add(connection, new, actor, options.reason, database_now(connection))
    print(json.dumps(schedule_view.schedule(stored), default=members))  # what is not stored must not be shown
    return DONE


def _schedule(options: argparse.Namespace) -> FeeSchedule:
    return FeeSchedule(
        merchant_id=options.merchant or ANY_MERCHANT,
        currency=options.currency,
        basis_points=options.basis_points,
        fixed=options.fixed,
        minimum=options.minimum,
        maximum=options.maximum,
        valid_from=options.valid_from,
        on_refund=options.on_refund,
    )


def _amount(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= MAX_AMOUNT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {MAX_AMOUNT}")


def utc_time(text: str) -> datetime:
    """A time with its zone, in UTC. Raises argparse's ArgumentTypeError."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError(text)
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 2030-05-17T00:00:00Z") from None
