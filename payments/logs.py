"""JSON lines on stdout through the standard library's logging: constant event names, data in fields (`extra=`).

Ids are bound once per request or event and appear in each of its lines. Bodies and secrets are not logged; where an
error's text contains some, they are masked.
"""

import logging
import sys
from typing import Any, Final

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from payments.masking import masked

QUIET: Final = ("alembic", "flask-limiter", "urllib3")
"""Libraries of which only warnings are logged."""


def _encode(event: EventDict, **_options: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def _masked(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: masked(value, name) for name, value in event.items()}


def _without_colour(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.pop("color_message", None)
    return event


def _processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        _without_colour,
    ]


def formatter() -> logging.Formatter:
    """Formats a record as one line of JSON."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_processors(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _masked,
            structlog.processors.JSONRenderer(serializer=_encode),
        ],
    )


def configure(level: str) -> None:
    """Send every logger's records of at least `level` (DEBUG, INFO, WARNING, ERROR) to stdout, as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def bind(**ids: str | int) -> None:
    """Replace the ids of the previous request or event; each line from now on has these."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**ids)
