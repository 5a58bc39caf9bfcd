"""Importing does nothing; rules know the standard library only; settings are read by composition roots alone."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repo.sources import PRODUCT, ROOT, Guard, Source, dotted, find_nothing, imports, module_name, python

ROOTS = ("app/bootstrap.py", "app/gunicorn.conf.py", "worker/__main__.py", "payments/__main__.py")
"""Composition roots, with gunicorn's configuration file."""
HANDS_OVER_THE_ENVIRONMENT = "app/wsgi.py"
"""gunicorn's application: passes the environment to app.bootstrap, and reads no setting."""
RULES = (
    *("acquiring.connector", "acquiring.operation", "acquiring.rules", "breaker.rules", "platform.connectors"),
    *("audit.answers", "audit.rules", "audit.snapshot", "ledger.received", "ledger.rules"),
    *(f"audit.money_out.{name}" for name in ("batches", "batch_rules", "exceptions", "exception_rules", "file_rules")),
    *(f"audit.money_out.{name}" for name in ("fees", "file_sums", "payout_rules", "sources", "totals")),
    *("dead_letters.kept_message", "dead_letters.poison", "dead_letters.rules", "outbox.rules"),
    *(
        "payment.answers",
        "payment.commands",
        "payment.rules",
        "platform.values.card_numbers",
        "platform.trusted_clock.watch",
        "platform.errors",
        "platform.values.iban",
    ),
    *("settlement.cutoff", "settlement.due", "settlement.fees", "settlement.payout_file"),
    *("settlement.rules", "settlement.sealed_csv", "settlement.statement"),
    *(
        "merchants.hashing",
        "merchants.key_form",
        "merchants.new_key",
        "merchants.rules",
        "platform.desk_errors",
        "platform.same_person",
        "platform.values.money",
        "platform.values.sensitive",
        "platform.values.texts",
        "platform.values.time_zones",
        "platform.tracing.trace",
    ),
    *(f"reconciliation.{name}" for name in ("ending", "faults", "file", "profile", "reader", "reconcile")),
    *(f"reconciliation.{name}" for name in ("plain_lines", "plain_names", "rules", "survey", "tally", "trailer")),
    "reconciliation.file_days",
)
"""Pure modules of `payments`: values in, values out."""
RUN_BY_OTHERS = {"app.wsgi", "app.gunicorn.conf", "payments.migrations.env"}
"""Modules that are run by importing them, by gunicorn and Alembic."""


def import_all(folder: Path, modules: list[str]) -> list[str]:
    program = ROOT / "tests/repo/import_everything.py"
    done = subprocess.run(
        [sys.executable, "-B", str(program), *modules],
        env={"PYTHONPATH": str(folder), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def reads_settings(source: Source) -> list[str]:
    if source.path in ROOTS:
        return []
    names = {dotted(node) for node in ast.walk(source.tree) if isinstance(node, ast.Attribute)} | imports(source.tree)
    forbidden = ["payments.config"]
    if source.path != HANDS_OVER_THE_ENVIRONMENT:
        forbidden += ["os.environ", "os.getenv"]
    return [f"{source.path}: {name}" for name in sorted(names) if name.startswith(tuple(forbidden))]


def outside_the_standard_library(source: Source) -> list[str]:
    allowed = sys.stdlib_module_names
    return [
        f"{source.path}: {name}"
        for name in sorted(imports(source.tree))
        if name.split(".")[0] not in allowed and not name.startswith(tuple(f"payments.{rules}" for rules in RULES))
    ]


def test_importing_any_module_does_nothing() -> None:
    modules = [module_name(s.path) for s in python() if s.path.startswith((*PRODUCT, "psp/", "stack/"))]
    assert import_all(ROOT, [name for name in modules if name not in RUN_BY_OTHERS]) == []


def test_settings_are_read_by_composition_roots_alone() -> None:
    product = [source for source in python() if source.product]
    find_nothing(reads_settings, product)


def test_rules_import_the_standard_library_only() -> None:
    modules = {f"payments.{rules}" for rules in RULES}
    find_nothing(outside_the_standard_library, [s for s in python() if module_name(s.path) in modules])
    assert modules == {module_name(s.path) for s in python()} & modules, "one of RULES is gone"
    rules = {module_name(s.path) for s in python() if s.path.startswith("payments/") and s.path.endswith("/rules.py")}
    assert rules <= modules


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("import socket\nsocket.create_connection(('127.0.0.1', 1))", "socket."),
        ("import socket\nsocket.socket().bind(('127.0.0.1', 0))", "socket.bind"),
        ("import os\nPORT = os.environ.get('PORT')", "read PORT"),
        ("import os\nPORT = os.getenv('PORT', '1')", "read PORT"),
        ("import os\nALL = dict(os.environ)", "read all of it"),
        ("import subprocess\nsubprocess.run(['true'])", "subprocess.Popen"),
        ("import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()", "thread"),
        ("import nowhere_to_be_found", "failed"),
    ],
)
def test_a_planted_side_effect_is_found(tmp_path: Path, text: str, effect: str) -> None:
    (tmp_path / "planted.py").write_text(text)
    assert any(effect in line for line in import_all(tmp_path, ["planted"]))


def test_a_quiet_module_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "quiet.py").write_text("import os\nimport socket\n\ndef port():\n    return os.environ['PORT']\n")
    assert import_all(tmp_path, ["quiet"]) == []


@pytest.mark.parametrize(
    ("guard", "path", "text"),
    [
        (reads_settings, "payments/platform/kafka/producer.py", "import os\nos.environ['PORT']"),
        (reads_settings, "app/factory.py", "from os import getenv"),
        (reads_settings, "worker/relay.py", "from payments.config import load"),
        (reads_settings, "app/wsgi.py", "from payments.config import load"),
        (outside_the_standard_library, "payments/ledger/rules.py", "import orjson"),
        (outside_the_standard_library, "payments/ledger/rules.py", "from payments.platform import clock"),
    ],
)
def test_a_planted_import_is_found(guard: Guard, path: str, text: str) -> None:
    assert guard(Source(path, text))
    assert not guard(Source("app/bootstrap.py", "import json"))
