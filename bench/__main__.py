"""`python -m bench`: runs the measurements one after the other and keeps them in docs/performance.md.

PARTS=lag,audits names some of them alone: they are printed, and the page stays as it is.
"""

import os
import sys
from collections.abc import Callable
from typing import Final

from bench import auditing, backlog, listing, load, rates, report, serverless, split, starting, steady
from bench.platform import running
from bench.report import Figure
from bench.session import Session, say
from payments.platform.database import create_engine

PARTS: Final[dict[str, Callable[[Session], list[Figure]]]] = {
    "authorizations": rates.authorize_figures,
    "flows": rates.flow_figures,
    "lag": steady.lag_figures,
    "breaker": steady.breaker_figures,
    "lists": listing.figures,
    "audits": auditing.figures,
    "backlog": backlog.drain_figures,
    "commits": backlog.commit_figures,
    "serverless": serverless.figures,
    "split": split.figures,
    "start": starting.figures,
}


def main() -> int:
    """Measure, print the table; write it down when it is whole. 2: there is no such part."""
    chosen = [name for name in os.environ.get("PARTS", "").split(",") if name]
    if unknown := [name for name in chosen if name not in PARTS]:
        print(f"There is no part {', '.join(unknown)}; PARTS may name {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    with running() as platform:
        session = Session(platform, create_engine(platform.database_url, timeout=60))
        say("warming up")
        load.run(platform.api.url, rates.FINE, rates.SEARCH_SECONDS)
        figures = [figure for name in chosen or PARTS for figure in PARTS[name](session)]
        if chosen:
            print("\n".join(report.table(figures)))
        else:
            report.write(figures, steady.profile(session))
        session.engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
