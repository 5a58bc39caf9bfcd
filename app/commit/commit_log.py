"""The log of commits: which request changed which payment. It links the gateway's log, the payment and its events.

One line for each commit, not for each request: a line costs the same for one payment and for fifty.
"""

import logging
from collections.abc import Sequence
from typing import Any, Final

from payments.payment.answers import Result
from payments.payment.commands import Command
from payments.platform.tracing import trace

IN_A_LINE: Final = 100
"""Commands at most: journald cuts a line at 48 KiB."""

_log = logging.getLogger(__name__)


def note(done: Sequence[tuple[Command, Result]]) -> None:
    """Log the results of a batch, without the texts of its commands."""
    if _log.isEnabledFor(logging.INFO):
        for start in range(0, len(done), IN_A_LINE):
            commands = [_line(command, result) for command, result in done[start : start + IN_A_LINE]]
            _log.info("commands_done", extra={"commands": commands})


def _line(command: Command, result: Result) -> dict[str, Any]:
    line: dict[str, Any] = {
        "operation": command.operation.value,
        "requestId": command.request_id,
        "traceId": trace.trace_id_of(command.headers.get(trace.HEADER, "")),
        "outcome": result.error.code if result.error is not None else result.status,
    }
    if payment_id := result.payment_id or command.payment_id:
        line["paymentId"] = payment_id
    if result.replayed:
        line["replayed"] = True
    return line
