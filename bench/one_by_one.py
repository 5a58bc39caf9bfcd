"""`python -m bench.one_by_one`: calls the application as a function, one call at a time; prints the median in ms.

Imports nothing of the product by itself: `app.wsgi` must be the first that does.
"""

import importlib
import time
from statistics import median
from typing import Final

from bench.calls_without_http import APPLICATIONS, call

WARM_CALLS: Final = 200
CALLS: Final = 1000


def main() -> None:
    """Warm up, then measure authorizations."""
    application = importlib.import_module(APPLICATIONS["an authorization"]).app
    taken = []
    for _ in range(WARM_CALLS + CALLS):
        before = time.perf_counter()
        call(application)
        taken.append((time.perf_counter() - before) * 1000)
    print(median(taken[WARM_CALLS:]))


if __name__ == "__main__":
    main()
