"""`dlq`: list, show, replay and discard dead letters at a terminal. Needs only the database.

Exit codes: 0 done, 1 not done because of the dead letter's state or id, 2 could not run.
"""

import argparse
import json
import sys
import threading
from collections import Counter
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.cli.option_types import COULD_NOT_RUN, PlainParser, could_not_run, reason, whole_number
from payments.dead_letters import service as dead_letters
from payments.dead_letters import view
from payments.dead_letters.rules import ErrorType
from payments.outbox.rules import TOPICS
from payments.platform.database import create_engine
from payments.platform.errors import DeadLetterConflict, NotFound
from payments.platform.json_types import members
from payments.platform.states import DeadLetterState
from worker.cli import messages
from worker.cli.dead_letter_table import as_details, as_table
from worker.cli.repair import AGREE, DIFFER, STATEMENT_SECONDS, ToolSettings

DEFAULT_LIMIT: Final = 50
DEFAULT_RATE: Final = 20.0


def add_dlq(parser: argparse.ArgumentParser) -> None:
    """Options of `dlq` and its four actions."""
    actions = parser.add_subparsers(dest="action", required=True, parser_class=PlainParser)
    listing = actions.add_parser("list", help="list letters, newest first")
    _add_filters(listing)
    listing.add_argument("--state", choices=[*DeadLetterState], help="only letters in this state")
    listing.add_argument(
        "--limit", type=whole_number, default=DEFAULT_LIMIT, help=f"at most so many (default {DEFAULT_LIMIT})"
    )
    show = actions.add_parser("show", help="show one letter with its payload")
    replay = actions.add_parser("replay", help="send one letter's message again, or that of all open ones that match")
    replay.add_argument("letter_id", metavar="ID", type=whole_number, nargs="?", help="the letter")
    replay.add_argument("--all", action="store_true", help="every open letter")
    _add_filters(replay)
    replay.add_argument("--rate", type=_rate, default=DEFAULT_RATE, help=f"letters a second (default {DEFAULT_RATE:g})")
    replay.add_argument("--dry-run", action="store_true", help="only say what would be replayed")
    discard = actions.add_parser("discard", help="put one open letter away for good")
    discard.add_argument("--reason", type=reason, required=True, help="why, 1 to 500 characters")
    for action in (show, discard):
        action.add_argument("letter_id", metavar="ID", type=whole_number, help="the letter")
    for action in (listing, show, replay, discard):
        action.add_argument("--json", action="store_true", help="print one JSON object")


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--topic", choices=list(TOPICS.values()), help="only letters from this topic")
    parser.add_argument("--error-type", choices=[*ErrorType], help="only letters that failed like this")


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if 0.01 <= rate <= 10_000:
        return rate
    raise argparse.ArgumentTypeError(messages.not_a_rate(text))


def run_dlq(settings: ToolSettings, options: argparse.Namespace) -> int:
    """Run one action; every error is one sentence on stderr."""
    options.actor = settings.actor
    engine = create_engine(settings.database_url, pool_size=2, timeout=STATEMENT_SECONDS)
    try:
        return {"list": _list, "show": _show, "replay": _replay, "discard": _discard}[options.action](engine, options)
    except (NotFound, DeadLetterConflict) as refused:
        print(refused.message, file=sys.stderr)
        return DIFFER
    except SQLAlchemyError as error:
        return could_not_run(engine, error)


def _list(engine: Engine, options: argparse.Namespace) -> int:
    with engine.connect().execution_options(reading=True) as connection:
        items, following = view.dead_letters(
            connection, options.topic, options.error_type, options.state, None, options.limit
        )
    if options.json:
        print(json.dumps({"items": items}, default=members))
        return AGREE
    print(as_table(items) if items else messages.NO_DEAD_LETTERS)
    if following is not None:
        print(messages.more(10 * options.limit))
    return AGREE


def _show(engine: Engine, options: argparse.Namespace) -> int:
    with engine.connect().execution_options(reading=True) as connection:
        letter = view.dead_letter(connection, options.letter_id)
    _print_dead_letter(letter, options.json, as_details(letter))
    return AGREE


def _discard(engine: Engine, options: argparse.Namespace) -> int:
    with engine.begin() as connection:
        letter = dead_letters.discard(connection, options.letter_id, options.reason, options.actor)
    _print_dead_letter(letter, options.json, messages.dead_letter_is(options.letter_id, letter.state))
    return AGREE


def _replay(engine: Engine, options: argparse.Namespace) -> int:
    filtered = options.all or options.topic or options.error_type
    if bool(options.letter_id) == bool(filtered):
        print(messages.WHICH_TO_REPLAY, file=sys.stderr)
        return COULD_NOT_RUN
    if options.dry_run:
        return _would_replay(engine, options)
    if filtered:
        return _replay_matching(engine, options)
    with engine.begin() as connection:
        letter = dead_letters.replay(connection, options.letter_id, options.actor)
    _print_dead_letter(letter, options.json, messages.dead_letter_is(options.letter_id, letter.state))
    return AGREE


def _chosen(engine: Engine, options: argparse.Namespace) -> list[int]:
    if options.letter_id is None:
        return list(dead_letters.open_ids(engine, options.topic, options.error_type))
    with engine.connect().execution_options(reading=True) as connection:
        letter = view.dead_letter(connection, options.letter_id)
    if letter.state != DeadLetterState.OPEN:
        raise DeadLetterConflict(messages.dead_letter_not_open(options.letter_id, letter.state))
    return [options.letter_id]


def _would_replay(engine: Engine, options: argparse.Namespace) -> int:
    ids = _chosen(engine, options)
    text = messages.would_replay(len(ids), len(ids) / options.rate)
    print(json.dumps({"dryRun": True, "replayed": [], "wouldReplay": ids}) if options.json else text)
    return AGREE


def _replay_matching(engine: Engine, options: argparse.Namespace) -> int:
    replayed: list[int] = []
    refused: Counter[str] = Counter()
    try:
        for letter_id in dead_letters.open_ids(engine, options.topic, options.error_type):
            try:
                with engine.begin() as connection:
                    dead_letters.replay(connection, letter_id, options.actor)
                replayed.append(letter_id)
            except DeadLetterConflict as conflict:
                refused[conflict.message] += 1
            threading.Event().wait(1 / options.rate)
    except KeyboardInterrupt:
        refused[messages.INTERRUPTED] += 1
    finally:  # also when the database is lost: report what was replayed
        for message in refused:
            print(message, file=sys.stderr)
        text = messages.replaying(len(replayed))
        print(json.dumps({"dryRun": False, "replayed": replayed}) if options.json else text)
    return DIFFER if refused else AGREE


def _print_dead_letter(letter: view.DeadLetter, as_json: bool, text: str) -> None:
    print(json.dumps(letter, default=members) if as_json else text)
