"""`make run` and its companions start with the packages of their group alone: tests have more beside them."""

import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = [
    "stack.run",
    "stack.day_end",
    "stack.observe",
    "stack.status",
    "stack.stop",
    "stack.shop",
    "payments.__main__",
]
"""What is started after `scripts/setup-env.sh run`; the gateway of GATEWAY=1 comes with the group dev."""
_LOADED = """\
import importlib, sys
importlib.import_module(sys.argv[1])
print(*{name.partition(".")[0] for name in sys.modules})
"""


def of_group_run() -> set[str]:
    """The names of all packages of the group, by the lock."""
    packages = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    named: dict[str, dict[str, Any]] = {package["name"]: package for package in packages}
    (project,) = (package for package in packages if package["source"].get("virtual") == ".")
    found, todo = set[str](), [*project["dependencies"], *project["dev-dependencies"]["run"]]
    while todo:
        wanted = todo.pop()
        if wanted["name"] not in found:
            found.add(wanted["name"])
            package = named[wanted["name"]]
            todo += package.get("dependencies", [])
            todo += [one for extra in package.get("optional-dependencies", {}).values() for one in extra]
    return found


def missing(program: str) -> list[str]:
    """Packages that a program loads when it is imported, and that the group does not have."""
    done = subprocess.run(
        [sys.executable, "-c", _LOADED, program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    by_module = packages_distributions()
    loaded = {name.lower().replace("_", "-") for module in done.stdout.split() for name in by_module.get(module, [])}
    return sorted(loaded - of_group_run())


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_needs_no_package_of_the_tests(program: str) -> None:
    assert missing(program) == []


def test_the_guard_finds_what_needs_more() -> None:
    assert "pyyaml" in missing("stack.gateway")
