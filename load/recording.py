"""Reads the recording of k6's dashboard: a line of JSON with k6's aggregates for each second.

Can be read while k6 still writes it.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = ("authorize", "capture", "refund")


@dataclass(frozen=True, slots=True)
class Sample:
    """One second: rates per second, times in milliseconds."""

    at: float
    """Seconds since the start."""
    requests: float
    median: float
    p95: float
    p99: float
    errors: float
    limited: float
    dropped: float


class Recording:
    """The samples so far; `read` adds those written since."""

    def __init__(self, path: Path) -> None:
        """`path` need not exist yet."""
        self.samples: list[Sample] = []
        self._path = path
        self._taken = 0
        self._metrics: dict[str, str] = {}
        self._trend: list[str] = []
        self._counter: list[str] = []
        self._started: float | None = None

    def read(self) -> list[Sample]:
        """The samples that are new."""
        if not self._path.exists():
            return []
        known = len(self.samples)
        with self._path.open("rb") as file:
            file.seek(self._taken)
            for line in file:
                if not line.endswith(b"\n"):  # the rest of the line is not written yet
                    break
                self._taken += len(line)
                event = json.loads(line)
                self._add(event["event"], event["data"])
        return self.samples[known:]

    def _add(self, event: str, data: Any) -> None:
        if event == "param":
            self._trend, self._counter = data["aggregates"]["trend"], data["aggregates"]["counter"]
        elif event == "metric":
            self._metrics.update({name: metric["type"] for name, metric in data.items()})
        elif event == "start":
            self._started = data[0][0]
        elif event == "snapshot" and self._started is not None:
            values = dict(zip(sorted(self._metrics), data, strict=True))  # k6 sorts its columns by name
            self.samples.append(self._sample(values, self._started))

    def _sample(self, values: dict[str, list[float]], started: float) -> Sample:
        nothing = [0.0] * len(self._trend)  # a column is empty when there was nothing in that second
        times = dict(zip(self._trend, values.get("http_req_duration") or nothing, strict=True))

        def rate(*names: str) -> float:
            return sum(values[name][self._counter.index("rate")] for name in names if values.get(name))

        return Sample(
            at=(values["time"][0] - started) / 1000,
            requests=rate("http_reqs"),
            median=times["med"],
            p95=times["p(95)"],
            p99=times["p(99)"],
            errors=rate(*(f"{kind}_errors" for kind in KINDS)),
            limited=rate(*(f"{kind}_limited" for kind in KINDS)),
            dropped=rate("dropped_iterations"),
        )


def thinned(samples: list[Sample], limit: int) -> list[Sample]:
    """At most `limit` samples: rates of neighbours averaged, of times and faults the worst kept."""
    size = -(-len(samples) // limit) if samples else 1
    groups = [samples[start : start + size] for start in range(0, len(samples), size)]
    return [
        Sample(
            at=group[-1].at,
            requests=sum(one.requests for one in group) / len(group),
            **{
                name: max(getattr(one, name) for one in group)
                for name in ("median", "p95", "p99", "errors", "limited", "dropped")
            },
        )
        for group in groups
    ]
