"""`python -m psp`: the composition root of the simulator. Serves until SIGTERM or SIGINT; settings are PSP_*."""

import fcntl
import logging
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

import gevent
from gevent.event import Event
from gevent.threadpool import ThreadPool

from psp import database
from psp.acquirer import Acquirer
from psp.clock import Clock
from psp.database import UnusableFile
from psp.delivery import Delivery, Receiver
from psp.http.app import create_app
from psp.http.services import Access, Services
from psp.http.wire import Waits
from psp.server import Server
from psp.settings import BadSettings, Settings, load
from psp.writer import Writer

_log = logging.getLogger("psp")


class AddressTaken(Exception):
    """The address cannot be listened on; the text says why."""


def main(environment: Mapping[str, str]) -> int:
    """Serve until a signal. Returns 0, or 1 after one sentence that says why it cannot start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        settings = load(environment)
        with _locked(settings.database):
            serve(settings, Writer(database.connect(settings.database)))
    except (BadSettings, UnusableFile, AddressTaken) as error:
        print(f"Cannot start the simulator: {error}.", file=sys.stderr)
        return 1
    return 0


def serve(settings: Settings, writer: Writer) -> None:
    """Serve until a signal. Raises AddressTaken."""
    stopping, waits, clock = Event(), Waits(), Clock()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, stopping.set)
    receiver = None
    if settings.callback_url and settings.callback_secret:
        receiver = Receiver(settings.callback_url, settings.callback_secret)
    acquirer = Acquirer(writer.run, clock, waits.pause, tells=receiver is not None)
    access = Access(settings.keys, settings.publishable_key, settings.control_token, settings.shop_origins)
    services = Services(acquirer, writer.run, clock, access, settings.database, ThreadPool(4), waits)
    server = Server((settings.host, settings.port), create_app(services), waits)
    try:
        server.start()
    except OSError as error:
        why = os.strerror(error.errno or 0)  # gevent adds the address to the error's own text
        raise AddressTaken(f"{settings.host}:{settings.port} cannot be listened on: {why}") from error
    delivery = gevent.spawn(Delivery(writer, acquirer, clock, receiver).run)
    _log.info("listening on http://%s:%d", settings.host, settings.port)
    stopping.wait()
    server.stop()
    delivery.kill()
    writer.close()
    _log.info("stopped")


def _locked(file: Path) -> TextIO:
    """Keep a second simulator from the file until this one is closed. Raises UnusableFile."""
    try:
        lock = Path(f"{file}.lock").open("a")  # noqa: SIM115  # the caller closes it
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UnusableFile(f"{file} is in use by another simulator") from None
    except OSError as error:
        raise UnusableFile(f"{file} cannot be used as a database: {error.strerror}") from None
    return lock


if __name__ == "__main__":
    sys.exit(main(os.environ))
