"""The files that the guards read: tracked by git, or new and not ignored."""

import ast
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PRODUCT: Final = ("app/", "payments/", "worker/")
TESTS: Final = "tests/"
GUARDS: Final = "tests/repo/"
MIGRATIONS: Final = "payments/migrations/versions/"


@dataclass(frozen=True)
class Source:
    """One file: its path from the root, with forward slashes, and its text."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """The syntax tree of a Python file."""
        return ast.parse(self.text, self.path)

    @property
    def product(self) -> bool:
        """Whether it is part of what runs in production."""
        return self.path.startswith(PRODUCT)


Guard = Callable[[Source], list[str]]
"""What a file breaches."""


def texts() -> list[Source]:
    """Every text file of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    found = []
    for name in sorted(set(listed.stdout.decode().split("\0")) - {""}):
        try:
            found.append(Source(name, (ROOT / name).read_text(encoding="utf-8")))
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # a picture; or deleted, but still in the index
    return found


def python() -> list[Source]:
    """Every Python file of the repository."""
    return [source for source in texts() if source.path.endswith(".py")]


def find_nothing(guard: Guard, sources: Iterable[Source]) -> None:
    """Fail with every breach that `guard` finds in `sources`, one a line."""
    breaches = [breach for source in sources for breach in guard(source)]
    assert not breaches, "\n" + "\n".join(breaches)


def module_name(path: str) -> str:
    """The name under which the file at `path` is imported."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a name or an attribute; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (start := dotted(node.value)):
        return f"{start}.{node.attr}"
    return ""


def imports(tree: ast.AST) -> set[str]:
    """Full names of everything imported: `from a import b` gives `a.b`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found
