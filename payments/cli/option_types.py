"""Options that several commands share, exit codes, and a parser with errors of one sentence."""

import argparse
import sys
from collections.abc import Callable
from typing import Final, NoReturn

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.cli import messages
from payments.platform.errors import PaymentsError, ValidationFailed
from payments.platform.values import sensitive, texts

LONGEST_REASON: Final = 500
DONE, REFUSED, COULD_NOT_RUN = 0, 1, 2
"""Exit codes: refused because of what is stored; could not run."""


class PlainParser(argparse.ArgumentParser):
    """Reports a wrong option in one sentence."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2. A key that was given by mistake is not repeated."""
        self.exit(COULD_NOT_RUN, f"{self.prog}: {sensitive.mask(message)}; see {self.prog} --help.\n")


def whole_number(text: str) -> int:
    """A whole number, at least 1, such as an id. Raises argparse's ArgumentTypeError."""
    if text.isascii() and text.isdecimal() and 0 < len(text) <= 18 and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")


def utf_8(text: str, what: str = "") -> str:
    """Any text. Raises argparse's ArgumentTypeError for bytes that are not UTF-8, which no database takes."""
    if any("\ud800" <= sign <= "\udfff" for sign in text):  # lone surrogates: so Python reads such bytes
        raise argparse.ArgumentTypeError(f"{what and f'the {what} '}must be UTF-8")
    return text


def prose(what: str, longest: int) -> Callable[[str], str]:
    """A type of texts that people write: stored, so without control characters, card numbers and API keys."""

    def read(text: str) -> str:
        utf_8(text, what)
        if texts.fault(text) is not None or len(text) > longest:
            raise argparse.ArgumentTypeError(f"the {what} must have 1 to {longest} characters, not only white space")
        fault = texts.fault_of_prose(text) or sensitive.fault(text)
        if fault is not None:
            raise argparse.ArgumentTypeError(f"the {what} {fault}")
        return text

    return read


def identifier(what: str, longest: int) -> Callable[[str], str]:
    """A type of ids: not blank, not too long, and no card number or API key."""

    def read(text: str) -> str:
        utf_8(text, what)
        if texts.fault(text) is not None or len(text) > longest:
            raise argparse.ArgumentTypeError(f"the {what} must have 1 to {longest} characters, not only white space")
        if (fault := sensitive.fault(text)) is not None:
            raise argparse.ArgumentTypeError(f"the {what} {fault}")
        return text

    return read


def checked(check: Callable[[str], str]) -> Callable[[str], str]:
    """A type of texts that `check` takes; its ValueError says why it does not."""

    def read(text: str) -> str:
        try:
            return check(text)
        except ValueError as fault:
            raise argparse.ArgumentTypeError(str(fault)) from None

    return read


reason: Final = prose("reason", LONGEST_REASON)


def refused(error: PaymentsError) -> int:
    """Print why a command was refused; returns the exit code: COULD_NOT_RUN when no stored state would allow it."""
    print(error.message, file=sys.stderr)
    return COULD_NOT_RUN if isinstance(error, ValidationFailed) else REFUSED


def could_not_run(engine: Engine, error: SQLAlchemyError) -> int:
    """Print in one sentence that the database cannot be used; returns the exit code."""
    where = engine.url.render_as_string(hide_password=True)
    print(messages.unusable(where, getattr(error, "orig", error)), file=sys.stderr)
    return COULD_NOT_RUN
