"""`python -m payments migrate`: migrates the database of DATABASE_URL, one process at a time."""

import argparse
import os
import sqlite3
import sys

from sqlalchemy.exc import SQLAlchemyError

from payments.config import BadSettings, load
from payments.migrations import MigrationLocked, migrate
from payments.platform.database import check_sqlite_version


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m payments")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring the database of DATABASE_URL up to date")
    parser.parse_args(arguments)
    try:
        settings = load(os.environ)
        check_sqlite_version(sqlite3.sqlite_version_info)
        revision = migrate(settings.database_url)
    except (BadSettings, MigrationLocked, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    except SQLAlchemyError as error:
        print(f"The database could not be migrated: {getattr(error, 'orig', error)}", file=sys.stderr)
        return 1
    print(f"database is at revision {revision}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
