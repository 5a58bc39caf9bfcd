"""`python -m payments COMMAND`: migrates the database of DATABASE_URL; makes, imports and ends merchants and keys."""

import argparse
import os
import sqlite3
import sys

from sqlalchemy.exc import SQLAlchemyError

from payments.cli.keys import add_keys, generate, read_key, run_keys
from payments.cli.merchants import add_merchants, run_merchants
from payments.cli.option_types import COULD_NOT_RUN, DONE, REFUSED, PlainParser, could_not_run, refused
from payments.cli.pipes import quietly
from payments.config import BadSettings, Settings, load
from payments.merchants.hashing import Peppers
from payments.platform.database import check_sqlite_version, create_engine
from payments.platform.errors import PaymentsError
from payments.platform.operator_name import actor


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = PlainParser(prog="python -m payments")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring the database of DATABASE_URL up to date")
    add_merchants(commands.add_parser("merchants", help="create, list, suspend and activate merchants"))
    add_keys(commands.add_parser("keys", help="make, import, list, rotate and revoke API keys"))
    options = parser.parse_args(arguments)
    if options.command == "keys" and options.action == "generate":
        return generate(options)
    try:
        settings = load(os.environ)
        check_sqlite_version(sqlite3.sqlite_version_info)
        return _migrate(settings) if options.command == "migrate" else _change(settings, options)
    except (BadSettings, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return COULD_NOT_RUN


def _migrate(settings: Settings) -> int:
    from payments.migrations import MigrationLocked, migrate  # noqa: PLC0415  (Alembic takes half of the start of all other commands)

    try:
        revision = migrate(settings.database_url)
    except MigrationLocked as error:
        print(error, file=sys.stderr)
        return COULD_NOT_RUN
    except SQLAlchemyError as error:
        print(f"The database could not be migrated: {getattr(error, 'orig', error)}", file=sys.stderr)
        return REFUSED
    print(f"database is at revision {revision}")
    return DONE


def _change(settings: Settings, options: argparse.Namespace) -> int:
    options.actor = actor(os.environ)
    engine = create_engine(settings.database_url, pool_size=1)
    try:
        if options.command == "keys" and options.action == "import":
            options.key = read_key()  # before the transaction: nobody waits for the one who types
        with engine.connect() as connection, connection.begin():
            if options.command == "merchants":
                return run_merchants(connection, options)
            peppers = None if settings.key_peppers is None else Peppers(settings.key_peppers)
            return run_keys(connection, options, peppers)
    except PaymentsError as error:
        return refused(error)
    except SQLAlchemyError as error:
        return could_not_run(engine, error)


if __name__ == "__main__":
    sys.exit(quietly(main))
