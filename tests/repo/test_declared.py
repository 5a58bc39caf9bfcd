"""Declarations are complete: problems, settings, routes, metrics, commands of `make`."""

import importlib
import re
import subprocess
from collections.abc import Sequence
from dataclasses import fields
from typing import Protocol

import pytest

from payments.config import Settings
from payments.platform import errors
from payments.platform.problems import PROBLEMS
from tests.repo.sources import MIGRATIONS, ROOT, Source, find_nothing, imports, module_name, python

_METRIC_CLASSES = {"Counter", "Enum", "Gauge", "Histogram", "Info", "Summary"}
_OF_GUNICORN = {"PORT", "WEB_WORKERS"}
"""Settings that app/gunicorn.conf.py reads, before there is an application."""


def leaves(error: type[errors.PaymentsError]) -> list[type[errors.PaymentsError]]:
    below = error.__subclasses__()
    return [leaf for child in below for leaf in leaves(child)] if below else [error]


class Coded(Protocol):
    """What has a stable code: an error, or one that is planted."""

    code: str


def without_a_problem(classes: Sequence[type[Coded]]) -> list[str]:
    return [leaf.__name__ for leaf in classes if leaf.code not in PROBLEMS]


def undocumented(names: set[str], text: str) -> list[str]:
    """Settings that the page does not list as `NAME`."""
    return sorted(name for name in names if f"`{name}`" not in text)


def unknown(names: set[str], text: str) -> list[str]:
    """Settings on the page that no code reads."""
    shown = set(re.findall(r"`((?:APP|DATABASE|KAFKA|REDIS|LOG|WORKER)_[A-Z_]+)`", text))
    return sorted(shown - names)


def metrics_elsewhere(source: Source) -> list[str]:
    """Metrics created outside payments/metrics.py and its part of money out."""
    if source.path in ("payments/metrics.py", "payments/money_out_metrics.py"):
        return []
    return [
        f"{source.path}: {name}"
        for name in sorted(imports(source.tree))
        if name.startswith("prometheus_client") and name.split(".")[-1] in _METRIC_CLASSES
    ]


def unexplained_targets(makefile: str) -> list[str]:
    """Targets of `make` without a line `target: … ## what it does`."""
    phony = {name for line in re.findall(r"(?m)^\.PHONY:(.*)$", makefile) for name in line.split()}
    explained = set(re.findall(r"(?m)^([a-z][a-z0-9-]*):[^\n]*##", makefile))
    return sorted(phony - explained - {"help"})


def setting_names() -> set[str]:
    names = {item.metadata[kind] for item in fields(Settings) for kind in ("name", "alias")}
    return (names - {""}) | _OF_GUNICORN


def test_every_error_has_a_row_to_http() -> None:
    for source in python():
        if source.product and not source.path.startswith((MIGRATIONS, "payments/migrations/env", "app/")):
            importlib.import_module(module_name(source.path))  # so that errors declared anywhere are known
    classes = leaves(errors.PaymentsError)
    assert without_a_problem(classes) == []
    assert len({leaf.code for leaf in classes}) == len(classes)


def test_every_error_is_permanent_or_recoverable() -> None:
    for leaf in leaves(errors.PaymentsError):
        assert issubclass(leaf, errors.Permanent) != issubclass(leaf, errors.Recoverable)


def test_settings_are_documented_and_only_those() -> None:
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    assert undocumented(setting_names(), page) == []
    assert unknown(setting_names(), page) == []


def test_metrics_are_declared_in_one_place() -> None:
    find_nothing(metrics_elsewhere, [source for source in python() if source.product])


def test_make_prints_every_command() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert unexplained_targets(makefile) == []
    printed = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, timeout=20, check=True).stdout
    for target in re.findall(r"(?m)^([a-z][a-z0-9-]*):[^\n]*##", makefile):
        assert re.search(rf"\b{target}\b", printed), f"`make` does not print {target}"


def test_a_planted_error_is_found() -> None:
    class Planted:  # not of the tree itself: the other tests would see it
        code = "PLANTED"

    assert without_a_problem([Planted, errors.NotFound]) == ["Planted"]


def test_a_planted_setting_is_found() -> None:
    assert undocumented({"APP_NEW", "PORT"}, "| `PORT` | 8080 |") == ["APP_NEW"]
    assert unknown({"APP_NEW"}, "`APP_NEW` `APP_OLD`") == ["APP_OLD"]


@pytest.mark.parametrize(
    ("path", "text", "is_found"),
    [
        ("app/a.py", "from prometheus_client import Counter", True),
        ("worker/a.py", "from prometheus_client.metrics import Gauge", True),
        ("payments/metrics.py", "from prometheus_client import Counter", False),
        ("worker/a.py", "from prometheus_client import CollectorRegistry, start_http_server", False),
        ("worker/a.py", "from collections import Counter", False),
    ],
)
def test_a_planted_metric_is_found(path: str, text: str, is_found: bool) -> None:
    assert bool(metrics_elsewhere(Source(path, text))) is is_found


def test_a_planted_target_is_found() -> None:
    assert unexplained_targets(".PHONY: a b help\na: ## does a\nb:\n\ttrue\n") == ["b"]
