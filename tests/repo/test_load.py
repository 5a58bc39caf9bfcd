"""load/ needs only Python's standard library; k6's settings are documented and shown in the report."""

import re
import sys

import pytest

from load.lab import STEERING
from tests.repo.sources import ROOT, Guard, Source, find_nothing, imports, python

CONFIG = "k6/lib/config.js"
OF_THE_RUN = {"BASE_URL", "RUN", "SUMMARY"}
"""Variables that load/ sets."""
OF_KEYS = {"KEYS_FILE", "API_KEY", "OPERATOR_KEY"}
"""Documented, and never in a report: k6/lib/keys.js and load/keys.py read them."""


def not_of_the_library(source: Source) -> list[str]:
    return [
        f"{source.path}: {name}"
        for name in sorted(imports(source.tree))
        if name.split(".")[0] not in {*sys.stdlib_module_names, "load"}
    ]


def settings(text: str) -> set[str]:
    """The variables that k6's scripts read."""
    return set(re.findall(r"__ENV\.([A-Z0-9_]+)", text)) | set(re.findall(r"\b\w+\('([A-Z][A-Z0-9_]+)'", text))


def elsewhere(source: Source) -> list[str]:
    """Variables read beside config.js; the benchmark's scripts stand alone."""
    if not source.path.startswith("k6/") or source.path == CONFIG or source.path.startswith("k6/bench-"):
        return []
    return [f"{source.path}: {name}" for name in re.findall(r"__ENV\.\w+", source.text)]


def test_load_needs_the_standard_library_alone() -> None:
    find_nothing(not_of_the_library, [source for source in python() if source.path.startswith("load/")])


def test_settings_are_read_in_one_place() -> None:
    find_nothing(elsewhere, [Source(str(path.relative_to(ROOT)), path.read_text()) for path in ROOT.glob("k6/**/*.js")])


def test_settings_are_documented_and_named_in_the_report() -> None:
    read = settings((ROOT / CONFIG).read_text(encoding="utf-8"))
    page = (ROOT / "docs/load.md").read_text(encoding="utf-8")
    assert read - OF_THE_RUN == set(STEERING)
    assert {name for name in (*STEERING, *OF_KEYS) if f"`{name}`" not in page} == set()
    assert OF_KEYS.isdisjoint(STEERING)


@pytest.mark.parametrize(
    ("guard", "path", "text"),
    [
        (not_of_the_library, "load/a.py", "import requests"),
        (not_of_the_library, "load/a.py", "from stack.state import State"),
        (elsewhere, "k6/a.js", "const rate = __ENV.RATE;"),
    ],
)
def test_the_guards_find_planted_breaches(guard: Guard, path: str, text: str) -> None:
    assert guard(Source(path, text))
    assert not guard(Source("load/a.py", "import json\nfrom load.api import Api"))


def test_a_planted_setting_is_found() -> None:
    assert settings("a: whole('NEW', 1, 2, 3), b: __ENV.OTHER") == {"NEW", "OTHER"}
