"""What housekeeping's log says of a round of pruning."""

from datetime import UTC, datetime
from pathlib import Path

from bench.growth.pruning import pruned

LOG = """\
{"event":"started","at":"2026-11-29T10:00:00Z"}
{"event":"pruned","at":"2026-11-29T10:00:09Z","outbox_event":20,"inbox_event":20,"idem_response_cache":2,"extra":9}
{"event":"pruned","at":"2026-11-29T10:01:09Z","outbox_event":1,"inbox_event":1,"idem_response_cache":1}
"""


def test_the_first_round_counts_with_the_rows_of_all_tables(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text(LOG)
    assert pruned(log) == (42, datetime(2026, 11, 29, 10, 0, 9, tzinfo=UTC))
