"""`merchants`: create, list, suspend, activate, connect, account; at a terminal. Exit codes as in `option_types`."""

import argparse
import json
import sys
from typing import Final

from sqlalchemy import Connection

from payments.cli import messages
from payments.cli.option_types import COULD_NOT_RUN, DONE, PlainParser, checked, identifier, prose, reason, utf_8
from payments.merchants import provisioning, service, view
from payments.merchants.rules import MerchantState, Mode
from payments.platform.connectors import ConnectorName
from payments.platform.json_types import members
from payments.platform.values.iban import NO_IBAN, iban
from payments.platform.values.time_zones import UTC, zone_name

LONGEST_ID = 32
LONGEST_NAME = 128
LIMIT = 200
_STATES: Final = {"suspend": MerchantState.SUSPENDED, "activate": MerchantState.ACTIVE}
"""What an action makes of a merchant."""


def add_merchants(parser: argparse.ArgumentParser) -> None:
    """Options of `merchants` and its actions."""
    actions = parser.add_subparsers(dest="action", required=True, parser_class=PlainParser)
    create = actions.add_parser("create", help="make a merchant")
    create.add_argument("merchant_id", metavar="ID", type=identifier("id", LONGEST_ID))
    create.add_argument("--name", type=prose("name", LONGEST_NAME), required=True, help="what people call it")
    create.add_argument("--live", action="store_true", help="real money; else a test merchant")
    create.add_argument("--connector", type=ConnectorName, choices=[*ConnectorName], default=ConnectorName.NONE)
    _add_account(create, removable=False)
    create.add_argument("--if-missing", action="store_true", help="one that is there is no error")
    listing = actions.add_parser("list", help="list merchants by id")
    listing.add_argument("--after", type=utf_8, default="", help="only ids behind this one")
    changes = {
        "suspend": "let its keys open nothing, and no payout file pay it",
        "activate": "let its keys work again, and payout files pay it",
        "connect": "let its new payments be held elsewhere",
        "account": "say when its day ends and where it is paid",
    }
    for name, help_text in changes.items():
        action = actions.add_parser(name, help=help_text)
        action.add_argument("merchant_id", metavar="ID", type=identifier("id", LONGEST_ID))
        action.add_argument("--reason", type=reason, required=True, help="why, 1 to 500 characters")
        if name == "connect":
            action.add_argument("--connector", type=ConnectorName, choices=[*ConnectorName], required=True)
        if name == "account":
            _add_account(action, removable=True)


def _add_account(parser: argparse.ArgumentParser, *, removable: bool) -> None:
    parser.add_argument("--time-zone", type=checked(zone_name), help="its day's: Europe/Berlin (UTC if there is none)")
    account = parser.add_mutually_exclusive_group()
    account.add_argument("--iban", type=checked(iban), help="where it is paid")
    if removable:
        account.add_argument("--no-iban", dest="iban", action="store_const", const=NO_IBAN, help="remove its IBAN")


def run_merchants(connection: Connection, options: argparse.Namespace) -> int:
    """Run one action in the caller's transaction; prints one JSON object. Raises the service's errors."""
    if options.action == "list":
        items, following = view.merchants(connection, options.after, LIMIT)
        print(json.dumps({"items": items, "after": following}, default=members))
        return DONE
    if options.action == "create":
        return _create(connection, options)
    if options.action == "account" and options.time_zone is None and options.iban is None:
        print(messages.NO_ACCOUNT, file=sys.stderr)
        return COULD_NOT_RUN
    found = service.change_merchant(
        connection,
        options.merchant_id,
        options.reason,
        options.actor,
        state=_STATES.get(options.action),
        connector=options.connector if options.action == "connect" else None,
        time_zone=options.time_zone if options.action == "account" else None,
        iban=options.iban if options.action == "account" else None,
    )
    connection.commit()  # what is not stored must not be shown
    print(json.dumps(view.merchant(found), default=members))
    return DONE


def _create(connection: Connection, options: argparse.Namespace) -> int:
    mode = Mode.LIVE if options.live else Mode.TEST
    wanted = (options.merchant_id, options.name, mode, options.actor, options.connector)
    account = {"time_zone": options.time_zone or UTC, "iban": options.iban}
    if options.if_missing:
        found, changed = provisioning.ensure_merchant(connection, *wanted, **account)
        shown = {**members(view.merchant(found)), "changed": changed}
    else:
        shown = members(view.merchant(service.create_merchant(connection, *wanted, **account)))
    connection.commit()  # what is not stored must not be shown
    print(json.dumps(shown))
    return DONE
