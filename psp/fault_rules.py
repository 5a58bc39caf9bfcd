"""The rules of faults in the file: read, replaced, drawn from. A rule with a count ends with it, also over a kill."""

import sqlite3

from typing_extensions import TypedDict

from psp.bodies import FaultRule
from psp.faults import DEFAULT_SECONDS, TIMED, Hit, Rule, Target, draw


class ShownRule(TypedDict):
    """A rule with what has become of it. `remaining` is null without a count."""

    rule: FaultRule
    remaining: int | None
    hits: int


class Faults(TypedDict):
    """All rules in their order."""

    rules: list[ShownRule]


def replace(connection: sqlite3.Connection, rules: list[FaultRule]) -> None:
    """These rules, and none of those before."""
    connection.execute("DELETE FROM fault")
    connection.executemany(
        "INSERT INTO fault (position, rule, remaining) VALUES (?, ?, ?)",
        [(position, rule.model_dump_json(), rule.count) for position, rule in enumerate(rules)],
    )


def shown(connection: sqlite3.Connection) -> Faults:
    """All rules, used up or not."""
    rows = connection.execute("SELECT rule, remaining, hits FROM fault ORDER BY position").fetchall()
    return {"rules": [{"rule": _rule(row), "remaining": row["remaining"], "hits": row["hits"]} for row in rows]}


def hit(connection: sqlite3.Connection, request: Target) -> Hit:
    """Draw for a request, and count what hit it."""
    rows = connection.execute(
        "SELECT position, rule FROM fault WHERE remaining IS NULL OR remaining > 0 ORDER BY position"
    ).fetchall()
    if not rows:
        return Hit()
    found, used = draw([_tried(row["position"], _rule(row)) for row in rows], seed(connection), request)
    connection.executemany(
        "UPDATE fault SET hits = hits + 1, remaining = remaining - 1 WHERE position = ?",
        [(rule.position,) for rule in used],
    )
    return found


def seed(connection: sqlite3.Connection) -> int:
    """What all draws follow from."""
    return int(connection.execute("SELECT seed FROM simulator").fetchone()["seed"])


def set_seed(connection: sqlite3.Connection, seed: int) -> None:
    """Let other requests be hit."""
    connection.execute("UPDATE simulator SET seed = ?", (seed,))


def _rule(row: sqlite3.Row) -> FaultRule:
    return FaultRule.model_validate_json(row["rule"])


def _seconds(rule: FaultRule) -> float:
    if rule.fault not in TIMED:
        return 0.0
    return DEFAULT_SECONDS if rule.seconds is None else rule.seconds


def _tried(position: int, rule: FaultRule) -> Rule:
    return Rule(
        position,
        rule.fault,
        frozenset(rule.kinds),
        frozenset(rule.token_kinds),
        rule.percentage,
        _seconds(rule),
        rule.silent,
    )
