"""`outbox`: list, release and discard events that Kafka refused, at a terminal. Needs only the database.

Exit codes: 0 done, 1 not done because of the event's state or id, 2 could not run.
"""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.cli.option_types import COULD_NOT_RUN, PlainParser, could_not_run, reason, whole_number
from payments.outbox import service as outbox
from payments.outbox.rules import DEAD_LETTER_TOPIC, TOPICS
from payments.outbox.view import ParkedEvent
from payments.platform.database import create_engine
from payments.platform.errors import NotFound, OutboxConflict
from payments.platform.json_types import members
from worker.cli import messages
from worker.cli.dead_letter_table import printable
from worker.cli.repair import AGREE, DIFFER, STATEMENT_SECONDS, ToolSettings

LIMIT: Final = 50
_LINE: Final = (
    "{event_id:>9} {aggregate_type:11} {aggregate_id:>9} {topic:18} {attempts:>5} {waiting_behind:>6} {since:19} "
)
_TITLES: Final = {
    "event_id": "EVENT",
    "aggregate_type": "OF",
    "aggregate_id": "ID",
    "topic": "TOPIC",
    "attempts": "TRIES",
    "waiting_behind": "BEHIND",
    "since": "PARKED",
}


def add_outbox(parser: argparse.ArgumentParser) -> None:
    """Options of `outbox` and its three actions."""
    actions = parser.add_subparsers(dest="action", required=True, parser_class=PlainParser)
    listing = actions.add_parser("list", help="list parked events, newest first")
    listing.add_argument("--limit", type=whole_number, default=LIMIT, help=f"at most so many (default {LIMIT})")
    release = actions.add_parser("release", help="let the relay try one parked event again, or all that match")
    release.add_argument("event_id", metavar="ID", type=whole_number, nargs="?", help="the event")
    release.add_argument("--all", action="store_true", help="every parked event")
    discard = actions.add_parser("discard", help="give up a parked event that moves no money")
    discard.add_argument("event_id", metavar="ID", type=whole_number, help="the event")
    discard.add_argument("--reason", type=reason, required=True, help="why, 1 to 500 characters")
    for action in (listing, release):
        action.add_argument("--topic", choices=[*TOPICS.values(), DEAD_LETTER_TOPIC], help="only events for this topic")
    for action in (listing, release, discard):
        action.add_argument("--json", action="store_true", help="print one JSON object")


def run_outbox(settings: ToolSettings, options: argparse.Namespace) -> int:
    """Run one action; every error is one sentence on stderr."""
    engine = create_engine(settings.database_url, pool_size=2, timeout=STATEMENT_SECONDS)
    try:
        options.actor = settings.actor
        return {"list": _list, "release": _release, "discard": _discard}[options.action](engine, options)
    except (NotFound, OutboxConflict) as refused:
        print(refused.message, file=sys.stderr)
        return DIFFER
    except SQLAlchemyError as error:
        return could_not_run(engine, error)


def _list(engine: Engine, options: argparse.Namespace) -> int:
    with engine.connect().execution_options(reading=True) as connection:
        items, following = outbox.parked(connection, None, options.limit, options.topic)
    if options.json:
        print(json.dumps({"items": items}, default=members))
        return AGREE
    print("\n".join([_LINE.format(**_TITLES) + "WHY", *map(_line, items)]) if items else messages.NO_PARKED_EVENTS)
    if following is not None:
        print(messages.more(10 * options.limit))
    return AGREE


def _line(event: ParkedEvent) -> str:
    since = event.parked_at[:19].replace("T", " ")
    return _LINE.format(**asdict(event), since=since) + printable(event.error)


def _release(engine: Engine, options: argparse.Namespace) -> int:
    if bool(options.event_id) == bool(options.all or options.topic):
        print(messages.WHICH_TO_RELEASE, file=sys.stderr)
        return COULD_NOT_RUN
    ids = [options.event_id] if options.event_id else outbox.parked_ids(engine, options.topic)
    released: list[int] = []
    refused = ""
    for event_id in ids:  # one transaction each: thousands in one would make the relay wait
        try:
            with engine.begin() as connection:
                outbox.release(connection, event_id, options.actor)
            released.append(event_id)
        except (NotFound, OutboxConflict) as conflict:
            refused = conflict.message
            print(refused, file=sys.stderr)
    if options.json:
        print(json.dumps({"released": released}))
    elif released or not refused:
        print(messages.released(len(released)))
    return DIFFER if refused else AGREE


def _discard(engine: Engine, options: argparse.Namespace) -> int:
    with engine.begin() as connection:
        event = outbox.discard(connection, options.event_id, options.reason, options.actor)
    print(json.dumps(event, default=members) if options.json else messages.event_discarded(options.event_id))
    return AGREE
