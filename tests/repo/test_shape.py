"""Files and functions are short, and modules have docstrings."""

import ast
import re
from statistics import median, quantiles

import pytest

from tests.repo.sources import MIGRATIONS, Guard, Source, find_nothing, python, texts

LONGEST_FILE = 250
LONGEST_FUNCTION = 40
LONGEST_DOCSTRING = 5
MEDIAN_FILE = 90
P90_FUNCTION = 20

_COUNTED = (".py", ".sh", ".js", ".ts", ".tsx", ".groovy")
_GENERATED = "frontend/src/api/schema.ts"
_EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "managers"}


def lines(source: Source) -> int:
    return len(source.text.splitlines())


def functions(source: Source) -> dict[str, int]:
    """Name and line → length, from `def` to the last line."""
    return {
        f"{source.path}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def too_long(source: Source) -> list[str]:
    found = [f"{source.path} has {lines(source)} lines"] if lines(source) > LONGEST_FILE else []
    if source.path.endswith(".py") and not source.path.startswith(MIGRATIONS):
        found += [
            f"{name} has {length} lines" for name, length in functions(source).items() if length > LONGEST_FUNCTION
        ]
    return found


def badly_introduced(source: Source) -> list[str]:
    text = ast.get_docstring(source.tree)
    if not text:
        return [f"{source.path} does not say what it is for"]
    return [f"{source.path}: docstring too long"] if len(text.splitlines()) > LONGEST_DOCSTRING else []


def words(name: str) -> set[str]:
    """The words of a snake_case or CamelCase name, in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def emptily_named(source: Source) -> list[str]:
    found = [f"{source.path}: {part}" for part in source.path.split("/") if words(part) & _EMPTY_NAMES]
    if source.path.endswith(".py"):
        found += [
            f"{source.path}:{node.lineno} {node.name}"
            for node in ast.walk(source.tree)
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and words(node.name) & _EMPTY_NAMES
        ]
    return found


def test_no_file_and_no_function_is_too_long() -> None:
    find_nothing(
        too_long, [source for source in texts() if source.path.endswith(_COUNTED) and source.path != _GENERATED]
    )


def test_most_files_and_functions_of_the_product_are_short() -> None:
    product = [s for s in python() if s.product and not s.path.startswith(MIGRATIONS)]
    assert median(lines(s) for s in product if not s.path.endswith("__init__.py")) < MEDIAN_FILE
    assert quantiles([n for s in product for n in functions(s).values()], n=10)[-1] <= P90_FUNCTION


def test_every_module_says_what_it_is_for() -> None:
    find_nothing(badly_introduced, python())


def test_names_say_something() -> None:
    find_nothing(emptily_named, texts())


@pytest.mark.parametrize(
    ("guard", "path", "text"),
    [
        (too_long, "app/a.py", "x = 1\n" * 251),
        (too_long, "scripts/a.sh", "true\n" * 251),
        (too_long, "app/a.py", "def f():\n" + "    x = 1\n" * 40),
        (badly_introduced, "app/a.py", "x = 1\n"),
        (badly_introduced, "app/a.py", '"""a\n\nb\nc\nd\ne\n"""\n'),
        (emptily_named, "app/utils.py", ""),
        (emptily_named, "common/a.txt", ""),
        (emptily_named, "app/a.py", "class PaymentManager: ..."),
        (emptily_named, "app/a.py", "def order_helper(): ..."),
    ],
)
def test_the_guards_find_planted_breaches(guard: Guard, path: str, text: str) -> None:
    assert guard(Source(path, text))
    assert not guard(Source("app/capture.py", '"""What it is for."""\n\ndef capture():\n    return 1\n'))
