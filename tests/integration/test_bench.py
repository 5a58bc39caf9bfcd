"""Each part of `make bench` on real servers, at a low rate for a second: it measures to its end, however fast."""

import math
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import highest_rate, k6, profile
from bench.__main__ import PARTS
from bench.growth import __main__ as growth
from bench.growth import databases, page, picture, pruning
from bench.parts import gateway
from bench.platform import running
from bench.session import Session
from payments.platform.database import create_engine

SMALL = {
    "REPEATS": 1,
    "SEARCH_SECONDS": 1,
    "RUN_SECONDS": 1,
    "FIRST_SECONDS": 1,
    "WARM_SECONDS": 1,
    "FULL_SECONDS": 1,
    "LOW_RATE": 20,
    "STEADY_RATE": 20,
    "RATE": 20,
    "FINE_STEP": 20,
    "COARSE_STEP": 20,
    "BACKLOG": 2000,
    "LINES": 3000,
    "BATCHES": {1: 2, 10: 1},
    "CLIENTS": 2,
    "USERS": 2,
    "TURNS": 1,
    "WARM_TURNS": 1,
    "FROZEN_SECONDS": 3,
    "LIMIT_SECONDS": 8,
    "RENEWED_SECONDS": 10,
    "P95_BOUND_MS": 0.0,  # no rate holds, so none is searched for
}


@pytest.fixture(scope="module")
def session(long: bool) -> Iterator[Session]:
    if not long:
        pytest.skip("together the parts take minutes (--long)")
    with running() as platform:
        engine = create_engine(platform.database_url, timeout=60)
        yield Session(platform, engine)
        engine.dispose()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = [sys.modules[figures.__module__] for figures in PARTS.values()]
    for module in (*modules, highest_rate, k6, profile):
        for name, value in SMALL.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_measures(session: Session, part: str) -> None:
    figures = PARTS[part](session)
    assert figures
    for figure in figures:
        assert figure.values
        lowest = -math.inf if gateway.ADDED in figure.name else 0
        assert all(math.isfinite(value) and value >= lowest for value in figure.values), figure
        assert figure.row()


def test_the_web_worker_is_profiled(session: Session) -> None:
    recorded = profile.recorded(session)
    assert sum(share for _, share in recorded.layers) == pytest.approx(100)
    assert "<svg" in recorded.flames


def test_growth_is_measured_written_and_drawn(long: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not long:
        pytest.skip("it restarts the platform several times (--long)")
    written, drawn = tmp_path / "growth.md", tmp_path / "growth.svg"
    written.write_text("<!-- growth: begin -->\n\n<!-- growth: end -->\n")
    for module, name, value in (
        (databases, "MARIADB", ()),
        (databases, "WARM_SECONDS", 1),
        (pruning, "WARM_SECONDS", 1),
        (page, "PAGE", written),
        (picture, "PAGE", written),
        (picture, "PICTURE", drawn),
    ):
        monkeypatch.setattr(module, name, value)
    for variable, text in {"SIZES": "2000,4000", "RATE": "20", "SECONDS": "1", "ROUNDS": "1", "PRUNED": "500"}.items():
        monkeypatch.setenv(variable, text)
    assert growth.main() == 0
    assert "| 4,000 | CPU of MariaDB |" in written.read_text()
    assert "Pruning 500 payments' rows at a time, at 20/s:" in written.read_text()
    assert "payments stored" in drawn.read_text()
