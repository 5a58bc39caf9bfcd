"""/openapi.json is exact: Schemathesis sends valid and invalid requests, and checks every answer."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.gunicorn import TOKEN, ApiServer

CASES = {False: 500, True: 5000}
EXAMPLES = {False: 5, True: 250}
"""For each operation, beside those that Schemathesis makes of the schema itself."""
SETTINGS = """
hooks = "addresses.py"
[auth.openapi.key]
bearer = "TOKEN"
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "404", "409", "422"]
[[operations]]
include-path-regex = "^/operations/payments([.]csv)?$"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401"]
[[operations]]
include-path-regex = "^/api-keys$"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "404"]
[[operations]]
include-path-regex = "^/merchants"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "404", "409"]
[[operations]]
include-path-regex = "^/(fee-schedules|payout-files)$"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "404", "409"]
[[operations]]
include-path-regex = "^/ledger/entries([.]csv)?$"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401"]
[[operations]]
include-path-regex = "^/reconciliation/files$"
[operations.checks.negative_data_rejection]
expected-statuses = ["202", "400", "401", "404", "405", "409", "415", "422"]
"""
"""401: made-up tokens; 422: made-up keys meet again with another request.

400: filters that contradict each other, networks, changes of nothing, acquirers that are not connected, schedules
without notice or with limits that contradict each other, files for banks in other currencies than theirs, and half of a
source. Any text is taken for a settlement file: whether it is one is found later.
"""
ADDRESSES = """
import itertools, schemathesis
numbers = itertools.count(1)

@schemathesis.hook
def before_call(context, case, kwargs):
    case.headers["X-Forwarded-For"] = f"10.0.{next(numbers) // 250 % 250}.{next(numbers) % 250}"
"""
"""Each request from an address of its own: wrong admin tokens are limited by address."""


@pytest.fixture
def api(mariadb_url: str, redis_url: str) -> Iterator[ApiServer]:
    limits: dict[str, Any] = {
        f"APP_RATE_LIMIT_{name}_CAPACITY": 0 for name in ("AUTHORIZE", "CAPTURE", "REFUND", "READ")
    }
    limits["APP_TRUSTED_PROXIES"] = 1
    limits["APP_KEY_PEPPER"] = "1:" + "p" * 32
    with ApiServer(mariadb_url, redis_url, **limits) as server:
        server.authorize("first", merchant_id="0")
        yield server


@pytest.mark.timeout(1200)
def test_the_api_is_what_its_description_says(api: ApiServer, long: bool, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(SETTINGS.replace("TOKEN", TOKEN))
    (tmp_path / "addresses.py").write_text(ADDRESSES)
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", f"{api.url}/openapi.json",
            "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful",
            "--max-examples", str(EXAMPLES[long]),
            "--seed", "1", "--no-color", "--continue-on-failure",
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-5000:]
    made = re.search(r"(\d+) generated", done.stdout)
    assert made is not None
    assert int(made[1]) >= CASES[long]
