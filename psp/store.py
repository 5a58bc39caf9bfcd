"""SQL of operations, authorizations and tokens. Decides nothing; each function runs in the caller's transaction."""

import secrets
import sqlite3

from psp import clock, fees
from psp.cards import TokenKind
from psp.operations import Authorization, Command, Decision, Kind, State


def operation(connection: sqlite3.Connection, reference: str) -> sqlite3.Row | None:
    """The operation of a reference."""
    row: sqlite3.Row | None = connection.execute("SELECT * FROM operation WHERE reference = ?", (reference,)).fetchone()
    return row


def by_reference_or_id(connection: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    """The operation that has this reference; else the one that has this id."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM operation WHERE reference = ?1 OR id = ?1 ORDER BY reference = ?1 DESC LIMIT 1", (name,)
    ).fetchone()
    return row


def accept(
    connection: sqlite3.Connection, command: Command, authorization: str | None, now: int, due_at: int | None
) -> sqlite3.Row:
    """Store a command as PROCESSING; a second one of the same reference is an error of SQLite."""
    connection.execute(
        "INSERT INTO operation"
        " (reference, id, kind, digest, state, amount, currency, token, authorization, received_at, due_at)"
        " VALUES (?, ?, ?, ?, 'PROCESSING', ?, ?, ?, ?, ?, ?)",
        (
            *(command.reference, _new_id("op"), command.kind, command.digest(), command.amount, command.currency),
            *(command.token, authorization, now, due_at),
        ),
    )
    return _known(connection, command.reference)


def decide(connection: sqlite3.Connection, row: sqlite3.Row, decision: Decision, now: int) -> sqlite3.Row:
    """Store the decision on a PROCESSING operation, and what it does to its authorization and the settlement."""
    changed = connection.execute(
        "UPDATE operation SET state = ?, amount = ?, decline_code = ?, decided_at = ?, due_at = NULL"
        " WHERE reference = ? AND state = 'PROCESSING'",
        (decision.state, decision.amount, decision.decline, now, row["reference"]),
    )
    assert changed.rowcount == 1, "decided twice"
    if decision.state is State.APPROVED:
        _apply(connection, row, decision.amount, now)
    return _known(connection, row["reference"])


def bury(connection: sqlite3.Connection, reference: str, now: int) -> sqlite3.Row:
    """A tombstone: for one that never came, or in the place of one that is PROCESSING."""
    connection.execute(
        "INSERT INTO operation (reference, id, state, received_at, decided_at) VALUES (?, ?, 'CANCELLED', ?, ?)"
        " ON CONFLICT (reference) DO UPDATE SET state = 'CANCELLED', decided_at = excluded.decided_at, due_at = NULL"
        " WHERE state = 'PROCESSING'",
        (reference, _new_id("op"), now, now),
    )
    return _known(connection, reference)


def due(connection: sqlite3.Connection, now: int) -> list[sqlite3.Row]:
    """PROCESSING operations whose time has come, in its order."""
    return connection.execute(
        "SELECT * FROM operation WHERE state = 'PROCESSING' AND due_at <= ? ORDER BY due_at, reference", (now,)
    ).fetchall()


def authorization(connection: sqlite3.Connection, reference: str | None) -> Authorization | None:
    """An approved authorization; None when there is none."""
    row = connection.execute(
        "SELECT reference, currency, authorized, captured, refunded, released FROM authorization WHERE reference = ?",
        (reference,),
    ).fetchone()
    return None if row is None else Authorization(*row)


def add_token(connection: sqlite3.Connection, kind: TokenKind) -> str:
    """A new token."""
    token = _new_id("tok")
    connection.execute("INSERT INTO token (token, kind) VALUES (?, ?)", (token, kind))
    return token


def token_kind(connection: sqlite3.Connection, token: str | None) -> TokenKind | None:
    """The kind of a token; None when it is unknown."""
    row = connection.execute("SELECT kind FROM token WHERE token = ?", (token,)).fetchone()
    return None if row is None else TokenKind(row["kind"])


def _apply(connection: sqlite3.Connection, row: sqlite3.Row, amount: int, now: int) -> None:
    if row["kind"] == Kind.AUTHORIZATION:
        connection.execute(
            "INSERT INTO authorization (reference, currency, authorized) VALUES (?, ?, ?)",
            (row["reference"], row["currency"], amount),
        )
        return
    column = {Kind.CAPTURE: "captured", Kind.REFUND: "refunded", Kind.VOID: "released"}[Kind(row["kind"])]
    connection.execute(
        f"UPDATE authorization SET {column} = {column} + ? WHERE reference = ?",  # noqa: S608  # one of three names
        (amount, row["authorization"]),
    )
    moved = fees.movement(Kind(row["kind"]), amount, row["currency"])
    if moved is not None:
        connection.execute(
            "INSERT INTO movement (reference, day, gross, fee, net) VALUES (?, ?, ?, ?, ?)",
            (row["reference"], clock.day_of(now).isoformat(), moved.gross, moved.fee, moved.net),
        )


def _known(connection: sqlite3.Connection, reference: str) -> sqlite3.Row:
    row = operation(connection, reference)
    assert row is not None
    return row


def _new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"
