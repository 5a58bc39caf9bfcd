"""The commands of the terminal: their options, and the call of each. Reads no environment and prints nothing."""

import argparse
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final, NoReturn, get_args

from payops_client.answers import Status
from payops_client.client import Payops

COULD_NOT_RUN: Final = 2
LONGEST: Final = 3600.0
"""Seconds that an option may ask for."""


class PlainParser(argparse.ArgumentParser):
    """Reports a wrong option in one sentence; takes whole names of options alone."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        self.exit(COULD_NOT_RUN, f"{self.prog}: {message}; see {self.prog} --help.\n")


def parser() -> argparse.ArgumentParser:
    """All options; `run` of what it reads gives the objects to print."""
    top = PlainParser(
        prog="payops",
        description="Payments of one merchant. Prints JSON, one object a line.",
        epilog="The key is read from PAYOPS_API_KEY or a file, never from an option: others can read those.",
    )
    top.add_argument("--url", help="where the API is, like https://payops.example; default: PAYOPS_URL")
    top.add_argument("--key-file", metavar="PATH", help="a file that holds the API key; default: PAYOPS_API_KEY")
    top.add_argument("--ca", metavar="PATH", help="a file of the CAs to trust; default: PAYOPS_CA, else the system's")
    top.add_argument("--timeout", type=_seconds, default=10.0, help="seconds to wait for one answer; default: 10")
    top.add_argument("--total-seconds", type=_seconds, default=60.0, help="seconds for all tries together; default: 60")
    top.add_argument("--allow-http", action="store_true", help="send the key unencrypted to other machines, too")
    commands = top.add_subparsers(dest="command", required=True, parser_class=PlainParser)
    _authorize(_command(commands, "authorize", "hold an amount", _run_authorize))
    _amount(_id(_command(commands, "capture", "take held money, or a part of it", _run_capture)))
    refund = _amount(_id(_command(commands, "refund", "give captured money back, or a part of it", _run_refund)))
    refund.add_argument("--reason", help="why, for people who read it later")
    _id(_command(commands, "void", "release all that is still held", _run_void))
    _id(commands.add_parser("show", help="a payment with its postings and events")).set_defaults(run=_run_show)
    listing = commands.add_parser("list", help="payments, newest first")
    listing.add_argument("--status", choices=get_args(Status))
    listing.add_argument("--limit", type=_number, help="at most so many; default: all")
    listing.set_defaults(run=_run_list)
    return top


def _command(commands: Any, name: str, text: str, run: Callable[..., Iterator[Any]]) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text)
    command.add_argument("--idempotency-key", metavar="KEY", help="repeat a command with its key; default: a new one")
    command.set_defaults(run=run)
    return command


def _id(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("payment_id", metavar="ID", type=_number)
    return command


def _amount(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("--amount", type=_number, help="minor units; default: all")
    return command


def _authorize(command: argparse.ArgumentParser) -> None:
    command.add_argument("--amount", type=_number, required=True, help="minor units, like 1000 for 10.00 USD")
    command.add_argument("--currency", required=True, help="ISO 4217, like USD")
    command.add_argument("--payment-method", metavar="TOKEN", help="the acquirer's token of a card, where it has one")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds up to {LONGEST:g}")
    return seconds


def _number(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 20:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")


def _run_authorize(api: Payops, given: argparse.Namespace) -> Iterator[Any]:
    yield api.authorize(
        amount=given.amount,
        currency=given.currency,
        payment_method=given.payment_method,
        idempotency_key=given.idempotency_key,
    )


def _run_capture(api: Payops, given: argparse.Namespace) -> Iterator[Any]:
    yield api.capture(given.payment_id, amount=given.amount, idempotency_key=given.idempotency_key)


def _run_refund(api: Payops, given: argparse.Namespace) -> Iterator[Any]:
    key = given.idempotency_key
    yield api.refund(given.payment_id, amount=given.amount, reason=given.reason, idempotency_key=key)


def _run_void(api: Payops, given: argparse.Namespace) -> Iterator[Any]:
    yield api.void(given.payment_id, idempotency_key=given.idempotency_key)


def _run_show(api: Payops, given: argparse.Namespace) -> Iterator[Any]:
    yield api.show(given.payment_id)


def _run_list(api: Payops, given: argparse.Namespace) -> Iterator[Any]:
    yield from islice(api.list(status=given.status), given.limit)
