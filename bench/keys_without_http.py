"""`python -m bench.keys_without_http`: calls the API as a function without and with a key, in turn, in one process.

Reads BENCH_API_KEY and BENCH_TURNS; prints CPU milliseconds of a call, a JSON list for each.
"""

import importlib
import json
import os
from typing import Final
from wsgiref.types import WSGIApplication

from bench.calls_without_http import APPLICATIONS, WARM_CALLS, cpu_per_call

CALLS: Final = 10
"""Of each greenlet in a turn."""


def main() -> None:
    """Warm up, measure, print."""
    application: WSGIApplication = importlib.import_module(APPLICATIONS["an authorization"]).app
    api_key = os.environ["BENCH_API_KEY"]
    for key in ("", api_key):
        cpu_per_call(application, WARM_CALLS, key)
    without, having = [cpu_per_call(application, CALLS)], []
    for _ in range(int(os.environ["BENCH_TURNS"])):
        having.append(cpu_per_call(application, CALLS, api_key))
        without.append(cpu_per_call(application, CALLS))
    print(json.dumps([without, having]))


if __name__ == "__main__":
    main()
