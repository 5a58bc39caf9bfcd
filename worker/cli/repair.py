"""`republish` and `ledger-resume`, for operators at a terminal. They need only the database."""

import argparse
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from payments.cli.option_types import COULD_NOT_RUN, could_not_run
from payments.dead_letters import halt
from payments.dead_letters.poison import UNTIL_QUIET
from payments.outbox.republish import republish_unposted
from payments.platform.database import create_engine
from payments.platform.operators import note_action
from payments.platform.values.money import AmountsByCurrency
from worker.cli import messages

STATEMENT_SECONDS: Final = 60
"""Seconds until the database counts as lost: an operator's command may read much."""
AGREE, DIFFER = 0, 1
LARGEST_ACCEPTED: Final = 10**9


@dataclass(frozen=True, slots=True)
class ToolSettings:
    """The settings of these commands; `actor`: the operator, for `operator_action`.

    `settlement_delay`: after a cut-off, before a batch is closed. `payout_account`: name and IBAN that merchants are
    paid from. `acquirer`: its URL, our key there, its CA file.
    """

    database_url: str
    answers_kept: timedelta
    actor: str
    second_operator_above: AmountsByCurrency
    minimum_payout: AmountsByCurrency
    settlement_delay: timedelta
    payout_account: tuple[str, str] | None = None
    acquirer: tuple[str, str, str | None] | None = field(default=None, repr=False)


def add_republish(parser: argparse.ArgumentParser) -> None:
    """Options of `republish`."""
    parser.add_argument(
        "--unposted", action="store_true", required=True, help="what was published and never posted (safe to repeat)"
    )


def run_republish(settings: ToolSettings, _options: argparse.Namespace) -> int:
    """Let the relay publish lost events again; logs the action. Exit code 2: it could not run."""
    engine = create_engine(settings.database_url, pool_size=2, timeout=STATEMENT_SECONDS)
    try:
        with engine.connect() as connection:
            count = republish_unposted(connection)
        with engine.begin() as connection:
            note_action(connection, settings.actor, "republish", "outbox", f"{count} unposted events")
    except SQLAlchemyError as error:
        return could_not_run(engine, error)
    print(messages.republished(count))
    return AGREE


def add_ledger_resume(parser: argparse.ArgumentParser) -> None:
    """Options of `ledger-resume`."""
    terms = parser.add_mutually_exclusive_group(required=True)
    terms.add_argument("--accept-poison", type=int, metavar="N", help="the next N poison messages do not count")
    terms.add_argument("--skip-check", action="store_true", help="no halt until at least half of 100 messages are good")


def run_ledger_resume(settings: ToolSettings, options: argparse.Namespace) -> int:
    """End the ledger's halt; logs the action. Exit code 1: it was not halted; 2: it could not run."""
    if not options.skip_check and not 1 <= options.accept_poison <= LARGEST_ACCEPTED:
        print(messages.accepted_poison(LARGEST_ACCEPTED), file=sys.stderr)
        return COULD_NOT_RUN
    engine = create_engine(settings.database_url, pool_size=2, timeout=STATEMENT_SECONDS)
    try:
        with engine.begin() as connection:
            why = halt.resume(connection, UNTIL_QUIET if options.skip_check else options.accept_poison, settings.actor)
    except SQLAlchemyError as error:
        return could_not_run(engine, error)
    if why is None:
        print(messages.NOT_HALTED, file=sys.stderr)
        return DIFFER
    print(messages.resumed(why))
    return AGREE
