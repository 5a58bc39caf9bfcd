"""`keys`: make, list, rotate and revoke API keys, at a terminal. A new key is printed once, as `key`."""

import argparse
import json
import sys
from datetime import timedelta

from sqlalchemy import Connection

from payments.cli import messages
from payments.cli.merchants import LIMIT, LONGEST_ID
from payments.cli.option_types import DONE, PlainParser, identifier, prose, reason, whole_number
from payments.merchants import service, view
from payments.merchants.hashing import Peppers
from payments.merchants.key_form import ID_LENGTH
from payments.merchants.rules import LONGEST_OVERLAP, Scope, networks
from payments.merchants.service import NewKey
from payments.platform.json_types import members

LONGEST_NAME = 64
_OVERLAP_LIMIT = int(LONGEST_OVERLAP.total_seconds())


def add_keys(parser: argparse.ArgumentParser) -> None:
    """Options of `keys` and its actions."""
    actions = parser.add_subparsers(dest="action", required=True, parser_class=PlainParser)
    create = actions.add_parser("create", help="make a key; it is printed once")
    owner = create.add_mutually_exclusive_group(required=True)
    owner.add_argument("--merchant", metavar="ID", type=identifier("merchant", LONGEST_ID), help="whose key it is")
    owner.add_argument("--operator", action="store_true", help="a key for operators' routes")
    create.add_argument("--name", type=prose("name", LONGEST_NAME), required=True, help="what it is for")
    create.add_argument("--scope", action="append", default=[], choices=[*Scope], help="repeat; default: all")
    create.add_argument("--network", action="append", default=[], help="only from here, like 10.0.0.0/8; repeat")
    create.add_argument("--days", type=whole_number, help="ends after so many days; default: never")
    listing = actions.add_parser("list", help="list keys by id, without their secrets")
    listing.add_argument("--merchant", metavar="ID", help="only of this merchant")
    listing.add_argument("--after", default="", help="only ids behind this one")
    rotate = actions.add_parser("rotate", help="replace a key; the old one goes on for the overlap")
    rotate.add_argument(
        "--overlap-seconds", type=_overlap, required=True, help=f"0 to {_OVERLAP_LIMIT}; never longer than it lasts"
    )
    revoke = actions.add_parser("revoke", help="end a key at once")
    revoke.add_argument("--reason", type=reason, required=True, help="why, 1 to 500 characters")
    for action in (rotate, revoke):
        action.add_argument("key_id", metavar="ID", type=identifier("id", ID_LENGTH))


def run_keys(connection: Connection, options: argparse.Namespace, peppers: Peppers | None) -> int:
    """Run one action in the caller's transaction; prints one JSON object. Raises the service's errors."""
    if options.action == "list":
        items, following = view.api_keys(connection, options.merchant, options.after, LIMIT)
        print(json.dumps({"items": items, "after": following}, default=members))
    elif options.action == "revoke":
        key = service.revoke(connection, options.key_id, options.reason, options.actor)
        print(json.dumps(view.api_key(connection, key), default=members))
    else:
        _print_new(connection, options, peppers)
    return DONE


def _print_new(connection: Connection, options: argparse.Namespace, peppers: Peppers | None) -> None:
    if peppers is None:
        raise ValueError(messages.NO_PEPPER)
    if options.action == "create":
        lifetime = None if options.days is None else timedelta(days=options.days)
        scopes = [Scope(scope) for scope in options.scope]
        new = NewKey(options.merchant, options.name, scopes, networks(options.network), lifetime)
        made = service.create_key(connection, peppers, new, options.actor)
    else:
        made = service.rotate(
            connection, peppers, options.key_id, timedelta(seconds=options.overlap_seconds), options.actor
        )
    connection.commit()  # a key that is not stored must not be shown
    print(json.dumps(view.new_api_key(*made), default=members))
    print(messages.SHOWN_ONCE, file=sys.stderr)


def _overlap(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= _OVERLAP_LIMIT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {_OVERLAP_LIMIT}")
