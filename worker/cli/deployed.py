"""`deployed RELEASE`: logs among the operators' actions that a release was activated. The roles call it."""

import argparse
import re
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from payments.cli.option_types import could_not_run
from payments.platform.database import create_engine
from payments.platform.operators import note_deploy
from worker.cli import messages
from worker.cli.repair import AGREE, STATEMENT_SECONDS, ToolSettings

_RELEASE: Final = re.compile(r"[A-Za-z0-9.+_-]{1,100}", re.ASCII)


def add_deployed(parser: argparse.ArgumentParser) -> None:
    """Options of `deployed`."""
    parser.add_argument("release", type=_release, metavar="RELEASE", help="the version that runs from now on")


def run_deployed(settings: ToolSettings, options: argparse.Namespace) -> int:
    """Log the release unless it is the newest one in the log. Exit code 2: it could not run."""
    engine = create_engine(settings.database_url, pool_size=1, timeout=STATEMENT_SECONDS)
    try:
        with engine.begin() as connection:
            is_new = note_deploy(connection, settings.actor, options.release)
    except SQLAlchemyError as error:
        return could_not_run(engine, error)
    print(messages.deployed(options.release, is_new=is_new))
    return AGREE


def _release(text: str) -> str:
    if not _RELEASE.fullmatch(text):
        raise argparse.ArgumentTypeError(messages.NOT_A_RELEASE)
    return text
