"""How often and how long the parts measure, and at which rate when a part has none of its own."""

from typing import Final

REPEATS: Final = 3
SEARCH_SECONDS, RUN_SECONDS = 6, 12
"""Of one run: to search for a rate or to warm up, and to measure."""
LOW_RATE: Final = 100
"""Requests a second that every machine serves; also the fine step of a search."""
STEADY_RATE: Final = 500
"""Requests a second under which lag, splits and layers are measured."""
