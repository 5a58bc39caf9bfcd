"""`clock`: show whether housekeeping trusts the database's clock, and confirm it."""

import argparse

from sqlalchemy.exc import SQLAlchemyError

from payments.cli.option_types import could_not_run
from payments.outbox.rules import format_time
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.trusted_clock import store as clock_store
from payments.platform.trusted_clock.guard import confirm
from worker.cli import messages
from worker.cli.repair import AGREE, DIFFER, STATEMENT_SECONDS, ToolSettings


def add_clock(parser: argparse.ArgumentParser) -> None:
    """Options of `clock`."""
    parser.add_argument("--confirm", action="store_true", help="the database's clock is right: go on by it")


def run_clock(settings: ToolSettings, options: argparse.Namespace) -> int:
    """Exit code 1: housekeeping has not checked the clock yet; 2: it could not run."""
    engine = create_engine(settings.database_url, pool_size=1, timeout=STATEMENT_SECONDS)
    try:
        with engine.begin() as connection:
            now = database_now(connection)
            known = confirm(connection, settings.actor) if options.confirm else True
            trusted, _ = clock_store.load(connection)
    except SQLAlchemyError as error:
        return could_not_run(engine, error)
    if trusted is None or not known:
        print(messages.CLOCK_UNCHECKED)
        return DIFFER
    print(messages.clock(format_time(now), format_time(trusted.at)))
    if options.confirm:
        print(messages.CLOCK_CONFIRMED)
    return AGREE
