"""Flows of authorize, capture and refund, each step after the answer of the one before: the highest rate that holds."""

from typing import Final

from bench import highest_rate, k6
from bench.highest_rate import COARSE_STEP
from bench.report.table import Figure
from bench.session import Session

REQUESTS_OF_A_FLOW: Final = 3


def figures(session: Session) -> list[Figure]:
    """The rate in requests (0 when none holds), p95, and CPU of the api."""
    found = highest_rate.measured(session, k6.FLOWS, COARSE_STEP)
    rate = found.rate * REQUESTS_OF_A_FLOW
    return [
        Figure(
            "requests of flows (authorize → capture → refund), highest rate within the same bounds",
            [float(rate) if found.holds else 0.0],
            "1/s",
        ),
        Figure(f"p95 at {rate} such requests/s", [run.p95 for run in found.runs], "ms"),
        Figure(f"CPU of api per request at {rate} such requests/s", [cpu["api"] for cpu in found.cpu], "ms"),
    ]
