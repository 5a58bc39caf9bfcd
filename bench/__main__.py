"""`python -m bench`: measures what docs/performance.md shows, one part after the other, and writes it there.

PARTS=lag,audits names parts, also those of other pages: they are printed, and the page stays as it is. Each figure is
compared with the one that the page has.
"""

import os
import sys
from collections.abc import Callable
from typing import Final

from bench import k6, profile
from bench.parts import (
    acquirer,
    audits,
    authorizations,
    backlog,
    beside_import,
    breaker,
    commits,
    flows,
    full_load,
    gateway,
    keys,
    lag,
    lists,
    mesh,
    reconciliation,
    split,
    start,
    tls,
    without_http,
    wrong_keys,
)
from bench.platform import running
from bench.progress import say
from bench.repetition import LOW_RATE, SEARCH_SECONDS
from bench.report import performance
from bench.report.table import Figure
from bench.session import Session
from payments.platform.database import create_engine

PARTS: Final[dict[str, Callable[[Session], list[Figure]]]] = {
    "full-load": full_load.figures,
    "authorizations": authorizations.figures,
    "flows": flows.figures,
    "lag": lag.figures,
    "breaker": breaker.figures,
    "lists": lists.figures,
    "audits": audits.figures,
    "backlog": backlog.figures,
    "commits": commits.figures,
    "serverless": without_http.figures,  # the name stays: PARTS is public
    "split": split.figures,
    "start": start.figures,
    "keys": keys.figures,
    "wrong-keys": wrong_keys.figures,
    "acquirer": acquirer.figures,
    "reconciliation": reconciliation.figures,
    "beside-import": beside_import.figures,
    "tls": tls.figures,
    "gateway": gateway.figures,
    "mesh": mesh.figures,
}
ON_THE_PAGE: Final = (
    *("start", "full-load", "authorizations", "flows", "lag", "breaker", "backlog", "commits", "serverless"),
)
"""The parts of docs/performance.md; figures of the others are on the pages of what they measure.

`start` comes first: a restart begins an audit anew, and that of what full load has made takes minutes, so that /health
would say that it is overdue.
"""


def main() -> int:
    """Measure and print the table; write the page when it is whole. 2: there is no such part."""
    chosen = [name for name in os.environ.get("PARTS", "").split(",") if name]
    if unknown := [name for name in chosen if name not in PARTS]:
        print(f"There is no part {', '.join(unknown)}; PARTS may name {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    with running() as platform:
        session = Session(platform, create_engine(platform.database_url, timeout=60))
        say("warming up")
        k6.run(platform.api.url, LOW_RATE, SEARCH_SECONDS)
        figures = [figure for name in chosen or ON_THE_PAGE for figure in PARTS[name](session)]
        print("\n".join(performance.compared(figures)))
        if not chosen:
            recorded = profile.recorded(session)
            performance.write_page(figures, recorded.layers, recorded.flames)
        session.engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
