"""How much slower authorizations are answered while the breaker is open: CLOSED, FORCED_OPEN, CLOSED in turn."""

from bench import k6
from bench.platform import move_breaker
from bench.progress import say
from bench.ratio import to_neighbours
from bench.repetition import LOW_RATE, REPEATS, SEARCH_SECONDS
from bench.report.table import Figure
from bench.session import Session


def figures(session: Session) -> list[Figure]:
    """p95 with the breaker open to p95 with it closed."""
    ratios = []
    for _ in range(REPEATS):
        before = session.load(LOW_RATE, SEARCH_SECONDS).p95
        move_breaker(session.platform, "FORCED_OPEN")
        while_open = k6.run(session.platform.api.url, LOW_RATE, SEARCH_SECONDS).p95  # nothing is posted: do not drain
        move_breaker(session.platform, "CLOSED")
        after = session.load(LOW_RATE, SEARCH_SECONDS).p95
        ratios.append(to_neighbours(before, while_open, after))
        say(f"breaker open to closed, p95: {ratios[-1]:.2f}")
    return [Figure(f"p95 with the breaker open to p95 with it closed, at {LOW_RATE}/s (A-B-A)", ratios, "×")]
