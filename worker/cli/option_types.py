"""Options that several commands share, and a parser with errors of one sentence."""

import argparse
from typing import Final, NoReturn

from payments.platform import card_numbers, texts
from worker.cli import messages
from worker.cli.repair import COULD_NOT_RUN

LONGEST_REASON: Final = 500


class PlainParser(argparse.ArgumentParser):
    """Reports a wrong option in one sentence."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        self.exit(COULD_NOT_RUN, f"{self.prog}: {message}; see {self.prog} --help.\n")


def whole_number(text: str) -> int:
    """A whole number, at least 1, such as an id. Raises argparse's ArgumentTypeError."""
    if text.isascii() and text.isdecimal() and 0 < len(text) <= 18 and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(messages.not_a_whole_number(text))


def reason(text: str) -> str:
    """The reason of a discard. Raises argparse's ArgumentTypeError, also for text with a card number."""
    if texts.fault(text) is not None or len(text) > LONGEST_REASON:
        raise argparse.ArgumentTypeError(messages.reason_length(LONGEST_REASON))
    fault = texts.fault_of_prose(text)
    if fault is not None:
        raise argparse.ArgumentTypeError(f"the reason {fault}")
    if card_numbers.contains(text):
        raise argparse.ArgumentTypeError(f"the reason {card_numbers.REFUSAL}")
    return text
