"""What the views use, kept with the application; and how a view gets it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from flask import current_app
from gevent.threadpool import ThreadPool

from psp.acquirer import Acquirer, Runs
from psp.clock import Clock
from psp.http.wire import Waits

_EXTENSION: Final = "psp"


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask: secret keys, the key of browsers, the token of `/_control`, the origins of shops."""

    keys: tuple[str, ...]
    publishable_key: str | None
    control_token: str
    shop_origins: frozenset[str]


@dataclass(frozen=True, slots=True)
class Services:
    """`run`: in a transaction; `threads`: for reads that take long; `waits`: who is kept waiting."""

    acquirer: Acquirer
    run: Runs
    clock: Clock
    access: Access
    database: Path
    threads: ThreadPool
    waits: Waits


def install(services: Services) -> dict[str, Services]:
    """The entry for an application's extensions."""
    return {_EXTENSION: services}


def services() -> Services:
    """Those of the current application."""
    return cast(Services, current_app.extensions[_EXTENSION])
