"""A measurement against the same one without what is measured, just before and just after it (A-B-A).

The speed of a machine drifts; what is compared with its neighbours does not.
"""

from collections.abc import Sequence


def to_neighbours(before: float, during: float, after: float) -> float:
    """`during` to the mean of the measurements before and after it."""
    return 2 * during / (before + after)


def to_each_neighbours(without: Sequence[float], during: Sequence[float]) -> list[float]:
    """The same for measurements in turn: without, during, without, …. ValueError unless `without` has one more."""
    return [
        to_neighbours(before, value, after)
        for before, value, after in zip(without[:-1], during, without[1:], strict=True)
    ]


def above_each_neighbours(without: Sequence[float], during: Sequence[float]) -> list[float]:
    """How much each is above the mean of its neighbours, in their unit; else as `to_each_neighbours`."""
    return [
        value - (before + after) / 2 for before, value, after in zip(without[:-1], during, without[1:], strict=True)
    ]
