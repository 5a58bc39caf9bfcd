"""Reads the totals that the overview needs: of all web workers from prometheus_client's files, or of this process.

Of the files only those of counters and histograms are read, and of these only two metrics are decoded: the rest of a
scrape is not made.
"""

import json
import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import gevent
from prometheus_client import CollectorRegistry
from prometheus_client.mmap_dict import MmapedDict

from app.http.measuring import BUCKETS

BOUNDS: Final = (*BUCKETS, math.inf)
"""Upper bounds of the buckets, in seconds."""
_COMMANDS: Final = "payments_total"
_SECONDS: Final = "flask_http_request_duration_seconds_bucket"
_MONEY: Final = "/payments/"
"""Where the routes begin whose POSTs move money."""
_FILES: Final = {
    "counter_*.db": f'["payments", "{_COMMANDS}", ',
    "histogram_*.db": f'["{_SECONDS[:-7]}", "{_SECONDS}", ',
}
"""Names of files, and how the keys of the needed samples in them begin."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Money commands by outcome, and POSTs of the money routes by bucket of their duration (not cumulative)."""

    outcomes: Mapping[str, float]
    buckets: tuple[float, ...]


ReadTotals = Callable[[], Totals]
_Place = str | int | None
"""Where a sample is added: an outcome, the number of a bucket, or nowhere."""


class FilesOfWorkers:
    """Reads the files of all web workers in a thread, so that requests do not wait. Files of ended workers count."""

    def __init__(self, folder: Path) -> None:
        """`folder`: PROMETHEUS_MULTIPROC_DIR."""
        self._folder = folder
        self._places: dict[str, _Place] = {}

    def __call__(self) -> Totals:
        """The totals now. Raises OSError, ValueError, RuntimeError or struct.error when a file cannot be read."""
        found: Totals = gevent.get_hub().threadpool.apply(self.read)
        return found

    def read(self) -> Totals:
        """As a call, in this thread."""
        sums: dict[str | int, float] = defaultdict(float)
        for pattern, beginning in _FILES.items():
            for file in self._folder.glob(pattern):
                for key, value, _, _ in _samples(str(file)):
                    if key.startswith(beginning) and (place := self._place(key)) is not None:
                        sums[place] += value
        return _totals(sums)

    def _place(self, key: str) -> _Place:
        if key not in self._places:
            _, name, labels, _ = json.loads(key)
            self._places[key] = _place(name, labels)
        return self._places[key]


def of_process(registries: Iterable[CollectorRegistry]) -> Totals:
    """The totals of this process alone."""
    sums: dict[str | int, float] = defaultdict(float)
    for registry in registries:
        for family in registry.collect():
            for sample in family.samples:
                place = _place(sample.name, sample.labels)
                if place is not None:
                    sums[place] += sample.value
    for number in range(len(BOUNDS) - 1, 0, -1):  # a registry's buckets are cumulative
        sums[number] -= sums[number - 1]
    return _totals(sums)


def _samples(file: str) -> Iterable[tuple[str, float, float, int]]:
    """Key, value, time and position of each sample."""
    found: Iterable[tuple[str, float, float, int]] = MmapedDict.read_all_values_from_file(file)  # type: ignore[no-untyped-call]
    return found


def _place(name: str, labels: Mapping[str, str]) -> _Place:
    if name == _COMMANDS:
        return labels["outcome"]
    if name == _SECONDS and labels["method"] == "POST" and labels["url_rule"].startswith(_MONEY):
        return bisect_left(BOUNDS, float(labels["le"]))
    return None


def _totals(sums: Mapping[str | int, float]) -> Totals:
    outcomes = {place: value for place, value in sums.items() if isinstance(place, str)}
    return Totals(outcomes, tuple(sums.get(number, 0.0) for number in range(len(BOUNDS))))
