"""`python -m bench.refusals_without_http`: calls the API as a function by a right key and by wrong ones, in turn.

In one process. Wrong keys come from an address of their own each time (401), and from one that has used up its wrong
keys (429). Reads BENCH_API_KEY and BENCH_TURNS; prints CPU milliseconds of a call, a JSON object of lists.
"""

import importlib
import json
import os
import time
from collections.abc import Iterator
from itertools import count, repeat
from typing import Final
from wsgiref.types import WSGIApplication

from bench.calls_without_http import APPLICATIONS, WARM_CALLS, ask, cpu_per_call
from bench.keys_without_http import CALLS
from bench.wrong_keys import KINDS, wrong_key
from payments.merchants.key_form import ID_PART
from payments.merchants.lookups import LOOKUP_LIMIT

REFUSED: Final = 100
"""Wrong keys in a turn."""


def main() -> None:
    """Warm up, measure, print."""
    application: WSGIApplication = importlib.import_module(APPLICATIONS["an authorization"]).app
    right = os.environ["BENCH_API_KEY"]
    fresh = (f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in count(1))
    cpu_per_call(application, WARM_CALLS, right)
    found: dict[str, list[float]] = {"right": [cpu_per_call(application, CALLS, right)]}
    for turn in range(int(os.environ["BENCH_TURNS"])):
        spent = f"10.255.{turn >> 8}.{turn & 255}"  # one for each turn: its minute does not end in it
        for _ in range(LOOKUP_LIMIT + 1):
            ask(application, wrong_key("unknown", ""), spent)
        for kind in KINDS:
            keys = [wrong_key(kind, right[ID_PART]) for _ in range(REFUSED)]
            found.setdefault(f"{kind} 401", []).append(_cpu(application, keys, fresh, "401"))
            found.setdefault(f"{kind} 429", []).append(_cpu(application, keys, repeat(spent), "429"))
        found["right"].append(cpu_per_call(application, CALLS, right))
    print(json.dumps(found))


def _cpu(application: WSGIApplication, keys: list[str], addresses: Iterator[str], expected: str) -> float:
    """CPU milliseconds of a refusal. RuntimeError with status and body when it is not the `expected` one."""
    before = time.process_time()
    for key, address in zip(keys, addresses, strict=False):
        status, text = ask(application, key, address)
        if not status.startswith(expected):
            raise RuntimeError(f"{status}: {text}")
    return (time.process_time() - before) * 1000 / len(keys)


if __name__ == "__main__":
    main()
