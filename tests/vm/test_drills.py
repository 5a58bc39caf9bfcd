"""The drills on machines: Redis, the database, relay and ledger stop and restart, and Kafka has poison.

The drill of Kafka's breaker is one of the pipeline's stages: test_deploy.py.
"""

import pytest

from tests.vm.machines import ROOT, run

DRILL_SECONDS = 300
DRILLS = sorted(path.name for path in (ROOT / "scripts").glob("drill-*.sh"))


@pytest.mark.timeout(DRILL_SECONDS + 30)
@pytest.mark.parametrize("drill", DRILLS)
def test_a_drill_finds_everything_true(drill: str) -> None:
    said = run(f"scripts/{drill}", "--preset", "vagrant", seconds=DRILL_SECONDS).well()
    assert "no differences" in said, said
    assert f"drill {drill}: all true" in said
