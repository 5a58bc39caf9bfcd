"""What the guards of ansible/ read: roles, what they take, and their tasks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from tests.repo.sources import ROOT

ANSIBLE: Final = ROOT / "ansible"
ROLES: Final = sorted(path.name for path in (ANSIBLE / "roles").iterdir() if path.is_dir())


def read(path: Path) -> Any:
    """A YAML file; None when it is not there or empty."""
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None


def options(role: str) -> dict[str, dict[str, Any]]:
    """What meta/argument_specs.yml says of the role's entry `main`."""
    specs = read(ANSIBLE / "roles" / role / "meta/argument_specs.yml") or {}
    return dict(specs["argument_specs"]["main"].get("options", {}))


def task_files(role: str) -> list[Path]:
    """The role's files of tasks."""
    return sorted((ANSIBLE / "roles" / role / "tasks").glob("*.yml"))


def tasks(entries: list[dict[str, Any]] | None) -> Iterator[dict[str, Any]]:
    """Every task of a list, also those within blocks."""
    for task in entries or []:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks(task.get(part))
