"""`python -m bench`: runs the measurements one after the other and keeps them in docs/performance.md."""

import sys

from bench import auditing, backlog, load, rates, report, serverless, split, starting, steady
from bench.platform import running
from bench.session import Session, say
from payments.adapters.database import create_engine


def main() -> int:
    """Measure all, print the table, write it down."""
    with running() as platform:
        session = Session(platform, create_engine(platform.database_url, timeout=60))
        say("warming up")
        load.run(platform.api.url, rates.FINE, rates.SEARCH_SECONDS)
        figures = [*rates.authorize_figures(session), *rates.flow_figures(session)]
        figures += steady.lag_figures(session)
        where = steady.profile(session)
        figures += steady.breaker_figures(session)
        figures += auditing.figures(session)
        figures += backlog.drain_figures(session)
        figures += backlog.commit_figures(session)
        figures += serverless.figures(session)
        figures += split.figures(session)
        figures += starting.figures(session)
        session.engine.dispose()
    report.write(figures, where)
    return 0


if __name__ == "__main__":
    sys.exit(main())
