"""`python -m bench.steady_sender PORT [KNOWN]`: 10,000 requests a minute at the lowest priority, until its input ends.

With KNOWN, the id of a stored key: authorizations by wrong keys; without: GET /health/live, the least that the API can
be asked. Prints `ready`, then how many answers had each status (JSON). Who sends these to a real platform has a machine
of his own, so here the sender only gets CPU that nobody else wants.
"""

import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from itertools import cycle
from typing import Final

from bench.wrong_keys import KINDS, wrong_key

A_MINUTE: Final = 10_000
CLIENTS: Final = 4
"""Connections."""
ADDRESS: Final = "127.0.0.2"
"""Loopback, and not the address that k6 pays from."""
NICENESS: Final = 19
"""Also of its session (`bench.platform.lower`)."""
_BODY: Final = '{"amount":1,"currency":"KRW","idempotencyKey":"wrong"}'
Request = tuple[str, str, str | None, dict[str, str]]
"""Method, path, body, headers."""


def requests_of(known: str) -> Iterator[Request]:
    """The requests without end; an empty `known`: harmless ones. Kinds of wrong keys take turns."""
    for kind in cycle(KINDS):
        headers = {"Authorization": f"Bearer {wrong_key(kind, known)}", "Content-Type": "application/json"}
        yield ("POST", "/payments/authorize", _BODY, headers) if known else ("GET", "/health/live", None, {})


def main(port: str, known: str = "") -> None:
    """Send until the input ends."""
    os.nice(NICENESS)
    stop = threading.Event()
    answers = Counter[int]()
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(_send, int(port), known, stop) for _ in range(CLIENTS)]
        print("ready", flush=True)
        sys.stdin.read()
        stop.set()
        for client in clients:
            answers.update(client.result())
    print(json.dumps(answers))


def _send(port: int, known: str, stop: threading.Event) -> Counter[int]:
    answers, due = Counter[int](), time.monotonic()
    with closing(HTTPConnection("127.0.0.1", port, timeout=10, source_address=(ADDRESS, 0))) as http:
        for request in requests_of(known):
            if stop.wait(max(due - time.monotonic(), 0)):
                break
            due += 60 * CLIENTS / A_MINUTE
            http.request(*request)
            answer = http.getresponse()
            answer.read()
            answers[answer.status] += 1
    return answers


if __name__ == "__main__":
    main(*sys.argv[1:])
