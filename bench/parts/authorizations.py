"""Authorizations: the highest rate that holds, its times, and what each process spends on one."""

from bench import highest_rate, k6
from bench.highest_rate import COARSE_STEP
from bench.report.table import Figure
from bench.session import Session


def figures(session: Session) -> list[Figure]:
    """The rate (0 when none holds), p95, median, and CPU of each process."""
    found = highest_rate.measured(session, k6.AUTHORIZE, 2 * COARSE_STEP)
    return [
        Figure(
            "authorizations, highest rate with p95 < 100 ms and no error",
            [float(found.rate) if found.holds else 0.0],
            "1/s",
        ),
        Figure(f"p95 at {found.rate}/s", [run.p95 for run in found.runs], "ms"),
        Figure(f"median at {found.rate}/s", [run.median for run in found.runs], "ms"),
        *(
            Figure(f"CPU of {name} per authorization at {found.rate}/s", [cpu[name] for cpu in found.cpu], "ms")
            for name in found.cpu[0]
        ),
    ]
