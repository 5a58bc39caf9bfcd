"""Rows are locked in one order: of two transactions that want the same rows one waits, and none is ended by a deadlock.

A plan without an index for that order may lock in another one: where MariaDB would choose it, a hint names the index.
"""

import ast
import importlib
from collections.abc import Iterable
from types import ModuleType

import pytest

from payments.platform.tables.dead_letters import dead_letter
from payments.platform.tables.payments import payment as payment_table
from tests.repo.locks import Lock, locks, unread
from tests.repo.sources import module_name, python

Places = dict[str, Lock]
"""Locks by where they are."""


def disorder(found: Places) -> list[str]:
    """Locks of several rows without an order, and tables whose rows are waited for in different ones."""
    several = {place: lock for place, lock in found.items() if not lock.of_one_row}
    wrong = [
        f"{place} locks rows of {lock.table.name} without ORDER BY a unique key, ascending"
        for place, lock in several.items()
        if not lock.in_order
    ]
    orders = {(lock.table.name, lock.order): place for place, lock in several.items() if lock.in_order and lock.waits}
    for name in sorted({name for name, _ in orders}):
        places = [place for (table, _), place in orders.items() if table == name]
        wrong += [f"{name} is locked in different orders: {', '.join(places)}"] if len(places) > 1 else []
    return wrong


def of_the_product() -> Iterable[tuple[str, ast.Module, ModuleType]]:
    """Path, syntax tree and module of each file that may have a lock."""
    for source in python():
        if source.product and any(word in source.text for word in ("with_for_update", "FOR UPDATE")):
            yield source.path, source.tree, importlib.import_module(module_name(source.path))


def test_rows_are_locked_in_one_order() -> None:
    files = list(of_the_product())
    found = {f"{path}:{lock.line}": lock for path, tree, module in files for lock in locks(tree, module)}
    several = {lock.table.name for lock in found.values() if not lock.of_one_row}
    assert {"payment", "dead_letter", "acquirer_operation", "settlement_batch", "ledger_halt"} <= several
    assert [f"{path}:{line}" for path, tree, _ in files for line in unread(tree)] == []
    wrong = disorder(found)
    assert not wrong, "\n" + "\n".join(wrong)


IMPORTS = """
from sqlalchemy import bindparam, select
from payments.platform.key_lookup import Lookup
from payments.platform.tables.dead_letters import dead_letter as table
from payments.platform.tables.payments import payment
"""
BY_IDS = "select(table).where(table.c.id.in_(bindparam('ids', expanding=True)))"
BY_ID = f"{BY_IDS}.order_by(table.c.id).with_for_update()"


def planted(text: str) -> Places:
    module = ModuleType("planted")
    exec(compile(IMPORTS + text, "planted", "exec"), module.__dict__)  # noqa: S102  (texts of this file)
    return {f"line {number}": lock for number, lock in enumerate(locks(ast.parse(text), module))}


@pytest.mark.parametrize(
    "text",
    [
        f"_LOCK = {BY_IDS}.with_for_update()",
        f"_READ = {BY_IDS}\n_LOCK = _READ.with_for_update()",
        f"_LOCK = {BY_IDS}.order_by(table.c.id.desc()).with_for_update()",
        f"_LOCK = {BY_IDS}.order_by(table.c.updated_at).with_for_update()",
        f"_LOCK = {BY_IDS}.with_for_update(skip_locked=True)",
        "def lock(wanted, limit):\n    return select(table).where(wanted).limit(limit).with_for_update()",
        "def lock(state):\n    return select(table).where(table.c.state == state).with_for_update()",
        "def lock(ids):\n    return Lookup('payment', ('payment_id',), ('payment_id',), ids, ' FOR UPDATE')",
        "def lock(letter_id, wanted):\n"
        "    return select(table).where((table.c.id == letter_id) | (table.c.state == wanted)).with_for_update()",
        f"_ONE = {BY_ID}\n_OTHER = {BY_IDS}.order_by(table.c.state, table.c.id).with_for_update()",
    ],
)
def test_a_planted_lock_without_order_is_found(text: str) -> None:
    assert len(disorder(planted(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        f"_LOCK = {BY_ID}",
        "_LOCK = select(table).where(table.c.id == bindparam('letter_id')).with_for_update()",
        "def lock(letter_id):\n    return select(table).where(table.c.id == letter_id).with_for_update()",
        "def lock(state):\n    return select(table).where(table.c.state == state).limit(1).with_for_update()",
        "def lock(wanted, limit):\n"
        "    return select(table).where(wanted).order_by(table.c.id).limit(limit).with_for_update()",
        f"_ONE = {BY_ID}\n_NEXT = {BY_IDS}.order_by(table.c.state, table.c.id).with_for_update(skip_locked=True)",
    ],
)
def test_a_planted_lock_in_order_passes(text: str) -> None:
    found = planted(text)
    assert found
    assert disorder(found) == []
    assert all(lock.table in (dead_letter, payment_table) for lock in found.values())


def test_a_lock_in_a_text_of_its_own_is_not_missed() -> None:
    assert unread(ast.parse("_ENDING = ' ORDER BY id FOR UPDATE'")) == [1]
    assert unread(ast.parse('"""Reads FOR UPDATE."""')) == []
