"""`python -m bench.against CHECKOUT [TURNS]`: authorizations called without HTTP, here and in another checkout.

In turn, so it says what a change costs payments without an acquirer. Both use this checkout's packages, and one
database at this checkout's migrations, with which the release before works.
"""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Final

from bench.ratio import to_each_neighbours
from stack.mariadb import MariaDBServer
from stack.platform import ROOT
from stack.redis import RedisServer

TURNS: Final = 10
DATABASE: Final = "paydb"
UNLIMITED: Final = {f"APP_RATE_LIMIT_{name}_CAPACITY": "0" for name in ("AUTHORIZE", "ADDRESS")}


def main() -> None:
    """Measure and print. Ends with one sentence when it is called wrongly."""
    if len(sys.argv) not in (2, 3) or not (Path(sys.argv[1]) / "bench").is_dir():
        sys.exit("usage: python -m bench.against CHECKOUT [TURNS]: CHECKOUT is another clone of this repository")
    other, turns = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) == 3 else TURNS
    with MariaDBServer() as mariadb, RedisServer() as redis:
        mariadb.execute(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
        urls = {"DATABASE_URL": mariadb.database_url(DATABASE), "REDIS_URL": redis.url}
        _run(ROOT, urls, "payments", "migrate")
        for checkout in (other, ROOT):
            _spent(checkout, urls)
        before, now = [_spent(other, urls)], []
        for _ in range(turns):
            now.append(_spent(ROOT, urls))
            before.append(_spent(other, urls))
            sys.stdout.write(f"CPU of an authorization: {now[-1]:.3f} ms here, {before[-1]:.3f} ms there\n")
    ratios = to_each_neighbours(before, now)
    sys.stdout.write(f"{median(now):.3f} ms here, {median(before):.3f} ms there; here to there {median(ratios):.3f} ×")
    sys.stdout.write(f" ({min(ratios):.3f} – {max(ratios):.3f}, {turns} turns)\n")


def _spent(checkout: Path, urls: dict[str, str]) -> float:
    """CPU milliseconds of an authorization."""
    return float(_run(checkout, urls, "bench.calls_without_http", "an authorization").splitlines()[-1])


def _run(checkout: Path, urls: dict[str, str], *module: str) -> str:
    """What a module of the checkout prints. RuntimeError with it when that failed."""
    environment = {**os.environ, **urls, **UNLIMITED, "PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [sys.executable, "-m", *module], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(module)} failed in {checkout}:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
