"""Operational records: which are pruned, and which never are, on both databases."""

import json
import logging
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Engine, Table, insert, select, update

from payments.audit import store as audit_store
from payments.breaker import store as breaker_store
from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.store import DeadLetter
from payments.logs import formatter
from payments.merchants import use_store
from payments.merchants.use_store import Calls, Use
from payments.platform.clock import database_now
from payments.platform.tables.breaker import circuit_breaker_command
from payments.platform.tables.dead_letters import dead_letter, ledger_halt
from payments.platform.tables.processes import operator_action
from payments.platform.tasks.throttle import AT_ONCE
from payments.retention import service as retention
from payments.retention.service import Pruner, Retention

KEPT = Retention(timedelta(days=9), timedelta(days=30), timedelta(days=30), timedelta(days=90))
OLD, YOUNG = timedelta(days=91), timedelta(days=89)
STATES = ("OPEN", "REPLAYING", "RESOLVED", "DISCARDED")


def keys(engine: Engine, table: Table) -> Sequence[int]:
    with engine.connect() as connection:
        return (
            connection.execute(select(*table.primary_key.columns).order_by(*table.primary_key.columns)).scalars().all()
        )


def test_only_settled_dead_letters_go(engine: Engine) -> None:
    letter = DeadLetter("c", "payment.captured", 0, 0, 1, "{}", None, None, "PaymentNotFound", "none")
    with engine.begin() as connection:
        now = database_now(connection)
        for age in (OLD, YOUNG):
            for state in STATES:
                letter = DeadLetter(*("c", "t", 0, letter.offset + 1, 1, "", None, None, "InvalidJson", ""))
                (new,) = dead_letter_store.add(connection, [letter], now - age)
                mine = dead_letter.c.offset_no == new.offset
                connection.execute(update(dead_letter).where(mine).values(state=state, updated_at=now - age))
    assert Pruner(engine, KEPT).prune(AT_ONCE)["dead_letter"] == 2
    assert keys(engine, dead_letter) == [1, 2, 5, 6, 7, 8]


def test_what_was_pruned_can_be_logged(engine: Engine) -> None:
    deleted = Pruner(engine, KEPT).prune(AT_ONCE)
    line = json.loads(formatter().format(logging.makeLogRecord({"msg": "pruned", **deleted})))
    assert deleted.keys() <= line.keys()


def test_a_command_that_waits_for_a_relay_stays(engine: Engine) -> None:
    with engine.begin() as connection:
        now = database_now(connection)
        for age, outcome in ((OLD, "applied"), (OLD, "not_allowed"), (OLD, None), (YOUNG, "applied")):
            number = breaker_store.append_command(connection, "b", "OPEN", None, "me")
            mine = circuit_breaker_command.c.command_id == number
            values = {"requested_at": now - age, "outcome": outcome}
            connection.execute(update(circuit_breaker_command).where(mine).values(values))
    assert Pruner(engine, KEPT).prune(AT_ONCE)["circuit_breaker_command"] == 2
    assert keys(engine, circuit_breaker_command) == [3, 4]


@pytest.mark.parametrize("ages", [[OLD] * 5, [OLD, OLD, OLD, YOUNG, YOUNG]])
def test_the_newest_audit_stays_for_it_tells_where_the_next_goes_on(
    engine: Engine, ages: list[timedelta], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PRUNE_BATCH", 2)
    with engine.connect() as connection:
        now = database_now(connection)
    for number, age in enumerate(ages):
        run = {"at": now - age, "full": False, "next_payment_id": number, "differences": 0, "in_flight": 0}
        audit_store.note_run(engine, run)
    assert Pruner(engine, KEPT).prune(AT_ONCE)["audit_run"] == (4 if ages[-1] == OLD else 3)
    with engine.connect() as connection:
        last = audit_store.last_run(connection, now)
    assert last is not None
    assert last.next_payment_id == 4


def test_old_calls_go_but_each_key_s_last_day_stays(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PRUNE_BATCH", 2)
    with engine.begin() as connection:
        now = database_now(connection)
        last = [now - timedelta(days=days) for days in (95, 94, 93, 91, 89, 0)]
        batch = [Calls("used", at.date(), 1, at) for at in last]
        batch += [Calls("unused", at.date(), 1, at) for at in last[:4]]
        use_store.add(connection, batch)
    assert Pruner(engine, KEPT).prune(AT_ONCE)["api_key_use"] == 4 + 3
    with engine.connect() as connection:
        found = use_store.uses(connection, ["used", "unused"], last[0].date())
    assert found == {"used": Use(2, last[5]), "unused": Use(1, last[3])}


def test_what_people_did_is_never_forgotten(engine: Engine) -> None:
    with engine.begin() as connection:
        then = database_now(connection) - timedelta(days=4000)
        action = {"at": then, "actor": "cli:me", "action": "discard", "target": "1", "detail": ""}
        connection.execute(insert(operator_action), action)
        connection.execute(insert(ledger_halt), {"halted_at": then, "detail": "poison", "resumed_at": then})
    assert not any(Pruner(engine, KEPT).prune(AT_ONCE).values())
    assert [keys(engine, table) for table in (operator_action, ledger_halt)] == [[1], [1]]
