"""promtool's tests of the rules, run by the promtool of Prometheus' machine."""

import base64
import io
import tarfile
from pathlib import Path

import pytest

from tests.infra.inventory import ROOT

FOLDER = "/run/payops-rule-tests"
SUITES = sorted(path.name for path in (ROOT / "prometheus/tests").glob("*.yml"))


def packed(*folders: Path) -> str:
    """The folders as a tar file, in characters that a shell does not change."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for folder in folders:
            archive.add(folder, folder.name)
    return base64.b64encode(held.getvalue()).decode()


@pytest.fixture(scope="module")
def watcher(host_of):
    """The machine that Prometheus runs on, with rules and tests in a folder of their own."""
    host = host_of("observability")
    files = packed(ROOT / "prometheus/rules", ROOT / "prometheus/tests")
    host.check_output(f"mkdir -p {FOLDER} && echo {files} | base64 -d | tar xz -C {FOLDER}")
    yield host
    host.check_output(f"rm -r {FOLDER}")


@pytest.mark.parametrize("suite", SUITES)
def test_the_alerts_of_a_suite_fire_and_stay_quiet(watcher, suite: str) -> None:
    done = watcher.run(f"promtool test rules {FOLDER}/tests/{suite}")
    assert done.rc == 0, done.stdout + done.stderr


def test_promtool_finds_an_alert_that_does_not_fire(watcher) -> None:
    spoil = f"sed 's/ledger_halted == 1/ledger_halted == 2/' {FOLDER}/rules/payments.yml > {FOLDER}/rules/spoilt.yml"
    point = f"sed 's/payments.yml/spoilt.yml/' {FOLDER}/tests/payments.yml > {FOLDER}/tests/spoilt.yml"
    done = watcher.run(f"{spoil} && {point} && promtool test rules {FOLDER}/tests/spoilt.yml")
    assert done.rc != 0
    assert "LedgerHalted" in done.stdout + done.stderr
