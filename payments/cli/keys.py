"""`keys`: make, import, list, rotate and revoke API keys, at a terminal. A new key is printed once, as `key`.

`generate` prints a key that is stored nowhere yet; `import` reads one from standard input, and never prints it.
"""

import argparse
import getpass
import json
import sys
from datetime import timedelta

from sqlalchemy import Connection

from payments.cli import messages
from payments.cli.merchants import LIMIT, LONGEST_ID
from payments.cli.option_types import DONE, PlainParser, identifier, prose, reason, utf_8, whole_number
from payments.merchants import provisioning, service, view
from payments.merchants.hashing import Peppers
from payments.merchants.key_form import ID_LENGTH, KeyText, Prefix, new_key, parse
from payments.merchants.new_key import NewKey
from payments.merchants.rules import LONGEST_LIFETIME, LONGEST_OVERLAP, Scope, networks
from payments.platform.errors import ApiKeyConflict
from payments.platform.json_types import members

LONGEST_NAME = 64
_INPUT_LIMIT = 256
"""Bytes of standard input that are looked at: a key, white space around it, and what shows that there is more."""
_PREFIXES = {"test": Prefix.TEST, "live": Prefix.LIVE, "operator": Prefix.OPERATOR}
_DAYS_LIMIT = LONGEST_LIFETIME.days
_OVERLAP_LIMIT = int(LONGEST_OVERLAP.total_seconds())


def add_keys(parser: argparse.ArgumentParser) -> None:
    """Options of `keys` and its actions."""
    actions = parser.add_subparsers(dest="action", required=True, parser_class=PlainParser)
    create = actions.add_parser("create", help="make a key; it is printed once")
    _add_owner(create)
    about = "only from here, like 10.0.0.0/8; repeat"
    create.add_argument("--network", action="append", type=utf_8, default=[], help=about)
    create.add_argument("--days", type=_days, help=f"ends after so many days, 1 to {_DAYS_LIMIT}; default: never")
    generate = actions.add_parser("generate", help="print a key that is stored nowhere yet; needs no database")
    generate.add_argument("kind", choices=[*_PREFIXES])
    _add_owner(actions.add_parser("import", help="store the key that standard input has, unless it is stored already"))
    listing = actions.add_parser("list", help="list keys by id, without their secrets")
    about = "only of this merchant"
    listing.add_argument("--merchant", metavar="ID", type=identifier("merchant", LONGEST_ID), help=about)
    listing.add_argument("--after", type=utf_8, default="", help="only ids behind this one")
    rotate = actions.add_parser("rotate", help="replace a key; the old one goes on for the overlap")
    rotate.add_argument(
        "--overlap-seconds", type=_overlap, required=True, help=f"0 to {_OVERLAP_LIMIT}; never longer than it lasts"
    )
    revoke = actions.add_parser("revoke", help="end a key at once")
    revoke.add_argument("--reason", type=reason, required=True, help="why, 1 to 500 characters")
    for action in (rotate, revoke):
        action.add_argument("key_id", metavar="ID", type=identifier("id", ID_LENGTH))


def generate(options: argparse.Namespace) -> int:
    """Print one key, alone on a line."""
    print(new_key(_PREFIXES[options.kind]).text)
    return DONE


def run_keys(connection: Connection, options: argparse.Namespace, peppers: Peppers | None) -> int:
    """Run one action in the caller's transaction; prints one JSON object. Raises the service's errors."""
    if options.action == "list":
        items, following = view.api_keys(connection, options.merchant, options.after, LIMIT)
        print(json.dumps({"items": items, "after": following}, default=members))
    elif options.action == "revoke":
        key = service.revoke(connection, options.key_id, options.reason, options.actor)
        shown = view.api_key(connection, key)
        connection.commit()  # what is not stored must not be shown
        print(json.dumps(shown, default=members))
    elif peppers is None:
        raise ValueError(messages.NO_PEPPER)
    elif options.action == "import":
        _import(connection, options, peppers)
    else:
        _print_new(connection, options, peppers)
    return DONE


def read_key() -> KeyText:
    """The key that standard input has, without an echo at a terminal. Raises ApiKeyConflict when it is none."""
    try:
        key = parse(_sent().strip())
    except (EOFError, OSError, UnicodeError):  # Ctrl-D; a terminal that has gone; what is typed is not UTF-8
        key = None
    if key is None:
        raise ApiKeyConflict(messages.NO_KEY)
    return key


def _sent() -> str:
    if sys.stdin is None:  # it is closed
        return ""
    if sys.stdin.isatty():
        return getpass.getpass(messages.WHICH_KEY)
    return sys.stdin.buffer.read(_INPUT_LIMIT).decode("latin-1")


def _add_owner(action: argparse.ArgumentParser) -> None:
    owner = action.add_mutually_exclusive_group(required=True)
    owner.add_argument("--merchant", metavar="ID", type=identifier("merchant", LONGEST_ID), help="whose key it is")
    owner.add_argument("--operator", action="store_true", help="a key for operators' routes")
    action.add_argument("--name", type=prose("name", LONGEST_NAME), required=True, help="what it is for")
    action.add_argument("--scope", action="append", default=[], choices=[*Scope], help="repeat; default: all")


def _import(connection: Connection, options: argparse.Namespace, peppers: Peppers) -> None:
    new = NewKey(options.merchant, options.name, [Scope(scope) for scope in options.scope])
    key, changed = provisioning.import_key(connection, peppers, options.key, new, options.actor)
    shown = {**members(view.api_key(connection, key)), "changed": changed}
    connection.commit()  # what is not stored must not be shown
    print(json.dumps(shown))


def _print_new(connection: Connection, options: argparse.Namespace, peppers: Peppers) -> None:
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


def _days(text: str) -> int:
    if (days := whole_number(text)) <= _DAYS_LIMIT:
        return days
    raise argparse.ArgumentTypeError(f"{text} is more than {_DAYS_LIMIT} days")


def _overlap(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= _OVERLAP_LIMIT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {_OVERLAP_LIMIT}")
