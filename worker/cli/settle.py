"""`settle`: close batches now, list and show them, and the actions of `payouts` and `adjustments`, at a terminal.

Needs only the database. Exit codes: 0 done, 1 not done because of what is stored, 2 could not run.
"""

import argparse
import json
import sys
from datetime import datetime
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.cli.option_types import (
    COULD_NOT_RUN,
    DONE,
    REFUSED,
    PlainParser,
    could_not_run,
    identifier,
    refused,
    whole_number,
)
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.errors import Permanent
from payments.platform.json_types import members
from payments.platform.operators import note_action
from payments.platform.values.money import DECIMALS, format_amount
from payments.settlement import item_view, view
from payments.settlement.closing import NotAllSettled, SettleReport, settle_due
from payments.settlement.item_view import SettlementItem
from payments.settlement.rules import State
from payments.settlement.store import Wanted
from payments.settlement.view import SettlementBatch
from worker.cli import adjustments, messages, payouts
from worker.cli.dead_letter_table import printable
from worker.cli.fees import LONGEST_ID, utc_time
from worker.cli.repair import STATEMENT_SECONDS, ToolSettings

LIMIT: Final = 50
NOW: Final = "now"
_LINE: Final = "{batch:>8} {number:>6} {cutoff:16} {state:9} {items:>7} {net:>20} {fees:>18}  {merchant}"
_TITLES: Final = {
    "batch": "BATCH",
    "number": "NUMBER",
    "cutoff": "CUT-OFF (UTC)",
    "state": "STATE",
    "items": "ITEMS",
    "net": "NET",
    "fees": "FEES",
    "merchant": "MERCHANT",
}


def add_settle(parser: argparse.ArgumentParser) -> None:
    """Options of `settle` and its actions."""
    actions = parser.add_subparsers(dest="action", required=True, parser_class=PlainParser)
    running = actions.add_parser("run", help="close each batch whose cut-off has passed, as housekeeping does")
    running.add_argument(
        "--cutoff",
        type=_cutoff,
        metavar="TIME",
        help=f"close what occurred before TIME, or {NOW}, instead of before the end of each merchant's last day",
    )
    listing = actions.add_parser("list", help="list batches, newest first")
    listing.add_argument("--merchant", metavar="ID", type=identifier("merchant", LONGEST_ID), help="only of this one")
    listing.add_argument("--currency", metavar="CURRENCY", choices=sorted(DECIMALS), help="only of this currency")
    listing.add_argument("--state", choices=[*State], type=State, help="only in this state")
    showing = actions.add_parser("show", help="show a batch: its sums, and its items, oldest first")
    showing.add_argument("batch_id", metavar="BATCH", type=whole_number, help="its id, as list prints it")
    for action, what in ((listing, "batches"), (showing, "items")):
        action.add_argument("--limit", type=whole_number, default=LIMIT, help=f"at most so many {what}")
    for action in (running, listing, showing):
        action.add_argument("--json", action="store_true", help="print one JSON object")
    payouts.add_actions(actions)
    adjustments.add_actions(actions)


def run_settle(settings: ToolSettings, options: argparse.Namespace) -> int:
    """Run one action; every error is one sentence on stderr."""
    engine = create_engine(settings.database_url, pool_size=2, timeout=STATEMENT_SECONDS)
    try:
        return ACTIONS[options.action](engine, settings, options)
    except Permanent as error:
        return refused(error)
    except SQLAlchemyError as error:
        return could_not_run(engine, error)


def _run(engine: Engine, settings: ToolSettings, options: argparse.Namespace) -> int:
    with engine.connect().execution_options(reading=True) as connection:
        now = database_now(connection)
    cutoff = now if options.cutoff == NOW else options.cutoff
    if cutoff is not None and cutoff > now:
        print(messages.CUT_OFF_TO_COME, file=sys.stderr)
        return COULD_NOT_RUN
    failed = ""
    try:
        report = settle_due(
            engine, database_now, settings.minimum_payout, settings.settlement_delay, _go_on, cutoff=cutoff
        )
    except NotAllSettled as some:
        report, failed = some.report, str(some)
    _note(engine, settings.actor, report, cutoff)
    done = {"closed": report.closed, "carried": report.carried, "items": report.items}
    print(json.dumps(done) if options.json else messages.settled(**done))
    if failed:
        print(failed, file=sys.stderr)
    return REFUSED if failed else DONE


def _go_on(_seconds: float) -> bool:
    return False  # an operator waits: no rests


def _note(engine: Engine, actor: str, report: SettleReport, cutoff: datetime | None) -> None:
    if not report.closed + report.carried:
        return
    before = "the end of each merchant's day" if cutoff is None else cutoff.isoformat()
    with engine.begin() as connection:
        detail = f"closed {report.closed}, carried {report.carried}, of what occurred before {before}"
        note_action(connection, actor, "settle", "settlement", detail)


def _list(engine: Engine, _settings: ToolSettings, options: argparse.Namespace) -> int:
    wanted = Wanted(options.merchant, options.currency, options.state)
    with engine.connect().execution_options(reading=True) as connection:
        items, following = view.batches(connection, wanted, None, options.limit)
    if options.json:
        print(json.dumps({"items": items}, default=members))
        return DONE
    print("\n".join([_LINE.format(**_TITLES), *map(_line, items)]) if items else messages.NO_BATCHES)
    if following is not None:
        print(messages.more(10 * options.limit))
    return DONE


def _show(engine: Engine, _settings: ToolSettings, options: argparse.Namespace) -> int:
    with engine.connect().execution_options(reading=True) as connection:
        batch = view.batch(connection, view.get(connection, options.batch_id))
        items, following = item_view.items(connection, options.batch_id, None, None, options.limit)
    if options.json:
        print(json.dumps({"batch": batch, "items": items}, default=members))
        return DONE
    print("\n".join([_LINE.format(**_TITLES), _line(batch), "", *_sums(batch), "", *(_item(batch, i) for i in items)]))
    if following is not None:
        print(messages.more_items(10 * options.limit))
    return DONE


def _line(batch: SettlementBatch) -> str:
    return _LINE.format(
        batch=batch.batch_id,
        number=batch.number,
        cutoff=batch.cutoff[:16].replace("T", " "),
        state=batch.state,
        items=batch.items,
        net=format_amount(batch.net, batch.currency),
        fees=format_amount(batch.fees, batch.currency),
        merchant=f"{printable(batch.merchant_id)}{messages.SUSPENDED if batch.held else ''}",
    )


def _sums(batch: SettlementBatch) -> list[str]:
    parts = {
        "gross": batch.gross,
        "refunds": -batch.refunds,
        "fees": -batch.fees,
        "adjustments": batch.adjustments,
        "carried in": batch.carried_in,
        "net": batch.net,
    }
    return [f"{name:11} {format_amount(amount, batch.currency):>24}" for name, amount in parts.items()]


def _item(batch: SettlementBatch, item: SettlementItem) -> str:
    of = f"payment {item.payment_id}" if item.source is None else f"{item.source.type} {item.source.id}"
    net = format_amount(item.net, batch.currency)
    return f"{item.occurred_at[:19].replace('T', ' ')} {item.kind:10} {net:>24}  {of}"


def _cutoff(text: str) -> datetime | str:
    return NOW if text == NOW else utc_time(text)


ACTIONS: Final = {"run": _run, "list": _list, "show": _show, **payouts.ACTIONS, **adjustments.ACTIONS}
"""What all actions of `settle` do, by their names."""
