"""Who may import whom (.importlinter): breaches planted in a copy are all found."""

import shutil
import subprocess
from pathlib import Path

from tests.repo.sources import ROOT

PLANTED = {
    "payments/outbox/rules.py": "payments.ledger.rules",  # upwards, from rules to rules
    "payments/platform/paging.py": "payments.outbox.lease",
    "payments/merchants/service.py": "payments.breaker.service",  # a neighbour
    "payments/acquiring/store.py": "payments.payment.store",
    "payments/retention/service.py": "payments.reading.health",
    "payments/ledger/posting.py": "payments.settlement.rules",
    "payments/reconciliation/rules.py": "payments.settlement.rules",  # a neighbour
    "payments/ledger/store.py": "payments.ledger.posting",  # upwards inside a room
    "payments/breaker/rules.py": "payments.breaker.store",
    "payments/audit/service.py": "app.routes",
    "payments/platform/json_types.py": "pydantic",
    "worker/relay.py": "bench.database",
    "bench/parts/lists.py": "bench.parts.lag",
    "bench/report/page.py": "bench.session",
    "psp/operations.py": "payments.payment.rules",
    "psp/store.py": "psp.acquirer",
    "stack/run.py": "psp.clock",
}
NEW = "payments/ledger/anything.py"


def test_planted_imports_are_all_found(tmp_path: Path) -> None:
    for name in ("app", "worker", "payments", "stack", "load", "bench", "psp"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path, imported in PLANTED.items():
        with (tmp_path / path).open("a", encoding="utf-8") as file:
            file.write(f"import {imported}\n")
    (tmp_path / NEW).write_text("")
    done = subprocess.run(
        [ROOT / ".venv/bin/lint-imports", "--no-cache", "--config", ROOT / ".importlinter"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    wanted = [f"{path.removesuffix('.py').replace('/', '.')} -> {imported}" for path, imported in PLANTED.items()]
    assert [arrow for arrow in wanted if arrow not in done.stdout] == []
    assert "payments.ledger.anything" in done.stdout, "a file that stands on no floor of its room"
