"""How often and how long the parts measure, and the rate or the users of a part that has none of its own."""

from typing import Final

REPEATS: Final = 3
SEARCH_SECONDS, RUN_SECONDS = 6, 12
"""Of one run: to search for a rate or to warm up, and to measure."""
LOW_RATE: Final = 100
"""Requests a second that every machine serves; also the fine step of a search."""
STEADY_RATE: Final = 500
"""Requests a second under which lag and splits are measured."""
USERS: Final = 50
"""Each asks again once it is answered: as many requests as are served."""
