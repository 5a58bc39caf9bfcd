"""Finds the statements of a module that lock rows, as MariaDB gets them: one that is built in a function, too."""

import ast
import builtins
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, Table, UniqueConstraint, bindparam
from sqlalchemy.dialects import mysql

from payments.platform.key_lookup import Lookup
from payments.platform.tables.every import metadata

_LOCKING: Final = "FOR UPDATE"
_DIALECT: Final = mysql.dialect()
_PARTS: Final = re.compile(
    rf" FROM (?P<table>\w+)(?: .*?)??(?: WHERE (?P<where>.*?))?(?: ORDER BY (?P<order>.*?))?(?: LIMIT (?P<limit>\S+))?"
    rf" {_LOCKING}(?P<how>.*)$"
)
_EQUAL: Final = re.compile(r"(?:(\w+)\.)?(\w+) = (?:%s|'[^']*')")


class Lock(NamedTuple):
    """One statement. `equal`: columns of its table that have one given value; `order`: as in its ORDER BY."""

    line: int
    table: Table
    equal: frozenset[str]
    order: tuple[str, ...]
    limit: str | None
    waits: bool

    @property
    def of_one_row(self) -> bool:
        """Whether it locks one row at most."""
        return self.limit == "1" or self._has_key(self.equal)

    @property
    def in_order(self) -> bool:
        """Whether its order leaves no two rows equal, and ascends."""
        return self._has_key(self.equal | set(self.order))

    def _has_key(self, columns: frozenset[str]) -> bool:
        return any(key <= columns for key in _unique_keys(self.table))


class _Names(dict[str, Any]):
    """What a module can name. A name that only one of its functions knows is a parameter of the statement."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __missing__(self, name: str) -> Any:
        if name.startswith("__"):  # pytest asks for some
            raise KeyError(name)
        for place in (self._module, builtins):
            if hasattr(place, name):
                return getattr(place, name)
        return bindparam(name)


def locks(tree: ast.Module, module: ModuleType) -> Iterator[Lock]:
    """The locks of a module, whose source is `tree`."""
    names = _Names(module)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_lock(node):
            built = eval(compile(ast.Expression(node), module.__name__, "eval"), {}, names)  # noqa: S307  (our own code)
            yield _parsed(node.lineno, _text(built))


def unread(tree: ast.Module) -> list[int]:
    """Lines with a lock in a text of which `locks` knows nothing: it is no argument of a call."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    known = {id(argument) for call in calls for argument in _texts_of(call)}
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and _is_locking_text(node))
    return [node.lineno for node in texts if id(node) not in known | documented]


def _is_lock(call: ast.Call) -> bool:
    method = isinstance(call.func, ast.Attribute) and call.func.attr == "with_for_update"
    return method or any(_texts_of(call))


def _texts_of(call: ast.Call) -> list[ast.expr]:
    return [each for each in (*call.args, *(named.value for named in call.keywords)) if _is_locking_text(each)]


def _is_locking_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and _LOCKING in node.value


def _text(built: Any) -> str:
    if isinstance(built, Lookup):
        return f"SELECT 1 FROM {built.table} WHERE ({','.join(built.key)}) IN (…){built.ending}"
    if not isinstance(built, Select):
        raise TypeError(f"{built!r} is neither a SELECT nor a Lookup")
    compiled = built.compile(dialect=_DIALECT)
    text = " ".join(str(compiled).split())
    last = (compiled.positiontup or [""])[-1]
    return text.replace("LIMIT %s", f"LIMIT {compiled.params.get(last)}")


def _parsed(line: int, text: str) -> Lock:
    parts = _PARTS.search(text)
    if parts is None:
        raise ValueError(f"not understood: {text}")
    table = metadata.tables[parts["table"]]
    where = parts["where"] or ""
    compared = () if re.search(r"\b(OR|NOT)\b", where) else _EQUAL.findall(where)
    equal = {column for of, column in compared if of in ("", table.name)}
    order = tuple(part.strip().removeprefix(f"{table.name}.") for part in (parts["order"] or "").split(",") if part)
    return Lock(line, table, frozenset(equal), order, parts["limit"], "SKIP LOCKED" not in parts["how"])


def _unique_keys(table: Table) -> Iterator[set[str]]:
    yield set(table.primary_key.columns.keys())
    yield from (set(each.columns.keys()) for each in table.constraints if isinstance(each, UniqueConstraint))
    yield from (set(each.columns.keys()) for each in table.indexes if each.unique)
